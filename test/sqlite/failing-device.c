// Preloaded into a process: while the file that NOLATER_DEVICE_FAILS names exists, every call on a file named *.db* fails with EIO.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(int fd) {
  const char *flag = getenv("NOLATER_DEVICE_FAILS");
  if (flag == NULL || access(flag, F_OK) != 0) return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (strstr(path, ".db") == NULL) return 0;
  errno = EIO;
  return 1;
}

#define FAILING(type, name, declared, ...)                        \
  type name declared {                                            \
    static type(*real) declared;                                  \
    if (fails(fd)) return -1;                                     \
    if (real == NULL) real = (type(*) declared)dlsym(RTLD_NEXT, #name); \
    return real(__VA_ARGS__);                                     \
  }

FAILING(ssize_t, read, (int fd, void *to, size_t size), fd, to, size)
FAILING(ssize_t, pread, (int fd, void *to, size_t size, off_t at), fd, to, size, at)
FAILING(ssize_t, pread64, (int fd, void *to, size_t size, off64_t at), fd, to, size, at)
FAILING(ssize_t, write, (int fd, const void *from, size_t size), fd, from, size)
FAILING(ssize_t, pwrite, (int fd, const void *from, size_t size, off_t at), fd, from, size, at)
FAILING(ssize_t, pwrite64, (int fd, const void *from, size_t size, off64_t at), fd, from, size, at)
FAILING(int, fsync, (int fd), fd)
FAILING(int, fdatasync, (int fd), fd)
