# The README's first command in a container: docker build -t runner . && docker run --rm runner
# A folder for results: docker run --rm -v "$PWD/outputs:/work/outputs" runner topology=3-4-1 seed=1
FROM python:3.13-slim

COPY . /source
RUN pip install --no-cache-dir /source
WORKDIR /work
ENTRYPOINT ["python", "-m", "runner"]
CMD ["topology=3-4-1", "seed=1"]
