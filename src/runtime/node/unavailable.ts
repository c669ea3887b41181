/** Commander imports these for commands that are executables of their own, which upinit has none of. */

function unavailable(name: string): () => never {
  return () => {
    throw new Error(`${name} is not available in upinit`);
  };
}

export const existsSync = unavailable("existsSync");
export const realpathSync = unavailable("realpathSync");
export const spawn = unavailable("spawn");
