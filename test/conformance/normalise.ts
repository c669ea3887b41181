/** What differs from run to run: process numbers, and the terminal's line ends. */
export function normalise(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(/(process \(?)\d+/g, "$1PID");
}
