/* Names and texts of errno values. */
#ifndef UPINIT_ERRORS_H
#define UPINIT_ERRORS_H

/* "ENOENT" for 2; NULL if the kernel has no such error. */
const char *upinit_error_name(int error);

/* "No such file or directory" for 2, in the words of glibc; NULL if the kernel has no such error. */
const char *upinit_error_text(int error);

#endif
