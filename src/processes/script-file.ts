import * as native from "upinit:native";

/**
 * Puts text into a sealed memfd and returns its descriptor, or -errno. Nobody can change it, and opening it by its name
 * in /proc begins at its start; unlike a pipe, it takes any length without waiting for a reader.
 */
export function textFile(name: string, text: string): number {
  const fd = native.memfd(name);
  if (fd < 0) return fd;
  const bytes = native.encode(text);
  let done = 0;
  while (done < bytes.length) {
    const written = native.write(fd, bytes, done, bytes.length - done);
    if (written <= 0) {
      native.close(fd);
      return written;
    }
    done += written;
  }
  const sealed = native.seal(fd);
  if (sealed < 0) {
    native.close(fd);
    return sealed;
  }
  return fd;
}
