/** The longer texts of the personalities; loaded only to be shown. */

/** `-h` of tini; what its callers look for is in it. */
export function tiniUsage(name: string, version: string): string {
  return `${name} (${version}, provided by upinit ${UPINIT_VERSION})
Usage: ${name} [OPTIONS] PROGRAM -- [ARGS] | --version

Runs a program under the supervision of a valid init process

  --version     Print the version, if that is the only argument
  -h            Print this text
  -s            Take orphans in as a child subreaper
  -p SIGNAL     Get SIGNAL (such as SIGKILL) when the parent dies
  -v            Be more verbose; up to three times
  -w            Print a warning for each process that is reaped
  -g            Send signals to the process group of the program
  -e STATUS     Leave with 0 where the program leaves with STATUS (0 to 255); repeatable
  -l            Print the licence

Environment variables:

  TINI_SUBREAPER            if set, as -s
  TINI_VERBOSITY            a number, 1 if not set
  TINI_KILL_PROCESS_GROUP   if set, as -g
`;
}

/** `--help` of dumb-init: its suite, and so whoever copied from it, compares this byte by byte. */
export function dumbInitUsage(program: string): string {
  return `dumb-init v1.2.5
Usage: ${program} [option] command [[arg] ...]

dumb-init is a simple process supervisor that forwards signals to children.
It is designed to run as PID1 in minimal container environments.

Optional arguments:
   -c, --single-child   Run in single-child mode.
                        In this mode, signals are only proxied to the
                        direct child and not any of its descendants.
   -r, --rewrite s:r    Rewrite received signal s to new signal r before proxying.
                        To ignore (not proxy) a signal, rewrite it to 0.
                        This option can be specified multiple times.
   -v, --verbose        Print debugging information to stderr.
   -h, --help           Print this help message and exit.
   -V, --version        Print the current version and exit.

Full help is available online at https://github.com/Yelp/dumb-init
`;
}

/** `-h` of catatonit, behind its usage line. */
export const catatonitOptions = `
options:
  -g              Signals go to the process group of the program.
  -h              Print this text.
  -L              Print the licence.
  -P              Pause: run no program, and end on SIGINT or SIGTERM.
  -V, --version   Print the version.
`;

/** Our own: what runs here is upinit, by whatever name. */
export const licence = `MIT License

Copyright (c) 2026 the upinit authors

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`;
