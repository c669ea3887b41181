/** The version in package.json, put in by the build. */
declare const UPINIT_VERSION: string;
