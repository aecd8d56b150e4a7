"""The image sets that are known by name: where they are published, and their SHA-256 sums.

The sums are those that TensorFlow Datasets lists for the same files (its `url_checksums`). No
download of ours has confirmed them. The contents of MNIST and Fashion-MNIST, not their compressed
bytes, were checked against independent copies.
"""

from runner.data.downloads import Source

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"

MNIST = Source(
    "mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
    {
        TRAIN_IMAGES: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        TRAIN_LABELS: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        TEST_IMAGES: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        TEST_LABELS: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    },
)
FASHION_MNIST = Source(
    "fashion_mnist",
    # The project's own repository: its storage bucket, named in the README, has no https.
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    {
        TRAIN_IMAGES: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        TRAIN_LABELS: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        TEST_IMAGES: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        TEST_LABELS: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    },
)
KMNIST = Source(
    "kmnist",
    "https://codh.rois.ac.jp/kmnist/dataset/kmnist",
    {
        TRAIN_IMAGES: "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
        TRAIN_LABELS: "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
        TEST_IMAGES: "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
        TEST_LABELS: "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
    },
)
CIFAR10 = Source(
    "cifar10",
    "https://www.cs.toronto.edu/~kriz",
    {
        "cifar-10-binary.tar.gz": (
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
        )
    },
    (
        *(f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)),
        "cifar-10-batches-bin/test_batch.bin",
    ),
)
CIFAR100 = Source(
    "cifar100",
    "https://www.cs.toronto.edu/~kriz",
    {
        "cifar-100-binary.tar.gz": (
            "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"
        )
    },
    ("cifar-100-binary/train.bin", "cifar-100-binary/test.bin"),
)
SVHN = Source(
    "svhn",
    "https://ufldl.stanford.edu/housenumbers",
    {
        "train_32x32.mat": "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
        "test_32x32.mat": "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
    },
)
STL10 = Source(
    "stl10",
    "https://ai.stanford.edu/~acoates/stl10",
    {"stl10_binary.tar.gz": ("f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866")},
    tuple(f"stl10_binary/{name}.bin" for name in ("train_X", "train_y", "test_X", "test_y")),
)


def emnist(split: str) -> Source:
    """EMNIST in one of its six divisions, all of which come in one archive."""
    return Source(
        "emnist",
        "https://biometrics.nist.gov/cs_links/EMNIST",
        {"gzip.zip": "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e"},
        tuple(
            f"gzip/emnist-{split}-{part}-{kind}-ubyte.gz"
            for part in ("train", "test")
            for kind in ("images-idx3", "labels-idx1")
        ),
    )
