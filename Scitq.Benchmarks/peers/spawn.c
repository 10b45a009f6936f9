// spawn N SLOTS PROGRAM: runs PROGRAM N times, at most SLOTS at once; prints the seconds it took. Nothing that starts a
// process for each task can be faster on the same machine.
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  int left = atoi(argv[1]), slots = atoi(argv[2]), running = 0;
  char *command[] = {argv[3], NULL};
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  while (left > 0 || running > 0) {
    if (left > 0 && running < slots) {
      pid_t pid;
      if (posix_spawn(&pid, argv[3], NULL, NULL, command, environ) != 0) return 1;
      left--, running++;
    } else {
      if (wait(NULL) < 0) return 1;
      running--;
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%.6f\n", (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
  return 0;
}
