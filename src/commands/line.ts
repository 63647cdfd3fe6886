/** How the text of an option's value is read; what it is not is a usage error that names the option. */
export type Reader = 'whole' | 'atLeastOne' | 'time' | 'uuid' | 'id' | 'slices' | 'nodes';

/** One option of a command: as it is written, what it says in the help, and how its value is read if not as text. */
export type OptionLine = readonly [flags: string, says: string, reader?: Reader];
