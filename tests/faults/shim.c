/* File operations below a folder, counted; the one asked for fails, stays short, or is a kill's.
 *
 * Preloaded before the C library (LD_PRELOAD), so nothing that Python or a library does to a file
 * passes it by. A process arms it for itself with shim_arm; the counter is shared with its parent,
 * which reads it when the process is dead. With a journal, every operation that changes a file is
 * written down with its bytes, for the power cuts that are played afterwards.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_FILES 4096
#define REAL(name) ((__typeof__(name) *)real(#name))

enum { COUNT, FAIL, SHORT, KILL };

static char root[PATH_MAX];
static long *counter;                 /* operations so far, shared with the parent */
static long chosen;                   /* the operation that fails, from 0 */
static int action, failure, lasting;  /* what it does, errno, whether all after it do it too */
static int part;                      /* of a write, in thousandths, that is done before a kill */
static int journal = -1;
static char followed[MOST_FILES];     /* descriptors of files below root */

static void *real(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL) abort();
    return function;
}

void *shim_counter(void) {
    if (counter == NULL)
        counter = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return counter;
}

void shim_arm(const char *folder, long at, int what, int error, int onwards, int share, int log) {
    snprintf(root, sizeof root, "%s", folder);
    chosen = at, action = what, failure = error, lasting = onwards, part = share, journal = log;
    memset(followed, 0, sizeof followed);
    *(long *)shim_counter() = 0;
}

static int below(const char *path) {
    size_t length = strlen(root);
    return length && strncmp(path, root, length) == 0;
}

static int is_followed(int file) { return file >= 0 && file < MOST_FILES && followed[file]; }

/* Whether the operation that is about to be made is to fail. */
static int struck(void) {
    long now = __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
    if (action == COUNT) return 0;
    return now == chosen || (lasting && now > chosen);
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Before an operation that is all or nothing: 1 where it fails. A kill comes before or after it. */
static int refused(int *dies_after) {
    *dies_after = 0;
    if (!struck()) return 0;
    if (action == KILL) {
        if (part < 500) die();
        *dies_after = 1;
        return 0;
    }
    if (action == SHORT) return 0;
    errno = failure;
    return 1;
}

/* A line of the journal: the operation's number, name, inode, place, size, paths. */
static void note(const char *what, const char *one, const char *two, int file, long at, long size) {
    struct stat about = {0};
    if (journal < 0) return;
    if (file >= 0) fstat(file, &about);
    dprintf(journal, "%ld\t%s\t%lu\t%ld\t%ld\t%s\t%s\n", *counter - 1, what,
            (unsigned long)about.st_ino, at, size, one, two);
}

static int opened(int file, const char *path, int flags) {
    int saved = errno;
    if (file >= 0 && file < MOST_FILES) {
        followed[file] = 1;
        note(flags & O_CREAT ? "create" : "open", path, "", file, 0, flags & O_TRUNC ? 1 : 0);
    }
    errno = saved;
    return file;
}

#define OPEN(name)                                                     \
    int name(const char *path, int flags, ...) {                       \
        va_list rest;                                                  \
        va_start(rest, flags);                                         \
        mode_t mode = va_arg(rest, mode_t);                            \
        va_end(rest);                                                  \
        if (!below(path)) return REAL(name)(path, flags, mode);        \
        int dies;                                                      \
        if (refused(&dies)) return -1;                                 \
        int file = opened(REAL(name)(path, flags, mode), path, flags); \
        if (dies) die();                                               \
        return file;                                                   \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                              \
    int name(int folder, const char *path, int flags, ...) {                      \
        va_list rest;                                                             \
        va_start(rest, flags);                                                    \
        mode_t mode = va_arg(rest, mode_t);                                       \
        va_end(rest);                                                             \
        if (!below(path)) return REAL(name)(folder, path, flags, mode);           \
        int dies;                                                                 \
        if (refused(&dies)) return -1;                                            \
        int file = opened(REAL(name)(folder, path, flags, mode), path, flags);    \
        if (dies) die();                                                          \
        return file;                                                              \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int file) {
    int (*really)(int) = real("close");
    if (!is_followed(file)) return really(file);
    int dies, fails = refused(&dies), saved = errno;
    followed[file] = 0;
    int result = really(file); /* even one that fails gives the descriptor back */
    if (dies) die();
    errno = fails ? saved : errno;
    return fails ? -1 : result;
}

static ssize_t write_at(int file, const void *bytes, size_t size, off_t at, int positioned) {
    ssize_t (*plain)(int, const void *, size_t) = real("write");
    ssize_t (*placed)(int, const void *, size_t, off_t) = real("pwrite64");
    if (!is_followed(file))
        return positioned ? placed(file, bytes, size, at) : plain(file, bytes, size);
    int kills = 0;
    if (struck()) {
        if (action == FAIL) { errno = failure; return -1; }
        kills = action == KILL;
        size = kills ? size * part / 1000 : (size + 1) / 2;
    }
    struct stat about;
    fstat(file, &about);
    off_t place = positioned ? at
        : fcntl(file, F_GETFL) & O_APPEND ? about.st_size : lseek(file, 0, SEEK_CUR);
    ssize_t done = positioned ? placed(file, bytes, size, at) : plain(file, bytes, size);
    if (kills) die();
    int saved = errno;
    if (journal >= 0 && done >= 0) {
        note("write", "", "", file, place, done);
        plain(journal, bytes, done);
    }
    errno = saved;
    return done;
}

ssize_t write(int file, const void *bytes, size_t size) { return write_at(file, bytes, size, 0, 0); }
ssize_t pwrite(int file, const void *bytes, size_t size, off_t at) { return write_at(file, bytes, size, at, 1); }
ssize_t pwrite64(int file, const void *bytes, size_t size, off_t at) { return write_at(file, bytes, size, at, 1); }
ssize_t writev(int file, const struct iovec *pieces, int count) {
    if (!is_followed(file)) return REAL(writev)(file, pieces, count);
    return count ? write_at(file, pieces[0].iov_base, pieces[0].iov_len, 0, 0) : 0;
}

ssize_t read(int file, void *bytes, size_t size) {
    ssize_t (*really)(int, void *, size_t) = real("read");
    if (!is_followed(file)) return really(file, bytes, size);
    int dies;
    if (refused(&dies)) return -1;
    if (dies) die();
    return really(file, bytes, size);
}

#define ON_FILE(name, arguments, pass, at)                \
    int name arguments {                                  \
        if (!is_followed(file)) return REAL(name) pass;   \
        int dies;                                         \
        if (refused(&dies)) return -1;                    \
        int result = REAL(name) pass;                     \
        if (dies) die();                                  \
        if (result == 0) note(#name, "", "", file, at, 0); \
        return result;                                    \
    }
ON_FILE(fsync, (int file), (file), 0)
ON_FILE(fdatasync, (int file), (file), 0)
ON_FILE(ftruncate, (int file, off_t size), (file, size), size)
ON_FILE(ftruncate64, (int file, off64_t size), (file, size), size)

#define ON_PATH(name, arguments, pass, one, two)           \
    int name arguments {                                   \
        if (!below(one)) return REAL(name) pass;           \
        int dies;                                          \
        if (refused(&dies)) return -1;                     \
        int result = REAL(name) pass;                      \
        if (dies) die();                                   \
        if (result == 0) note(#name, one, two, -1, 0, 0);  \
        return result;                                     \
    }
ON_PATH(rename, (const char *old, const char *new), (old, new), old, new)
ON_PATH(renameat, (int a, const char *old, int b, const char *new), (a, old, b, new), old, new)
ON_PATH(link, (const char *old, const char *new), (old, new), old, new)
ON_PATH(unlink, (const char *path), (path), path, "")
ON_PATH(unlinkat, (int folder, const char *path, int flags), (folder, path, flags), path, "")
ON_PATH(mkdir, (const char *path, mode_t mode), (path, mode), path, "")
ON_PATH(rmdir, (const char *path), (path), path, "")
ON_PATH(truncate, (const char *path, off_t size), (path, size), path, "")
