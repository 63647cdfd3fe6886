/** As much of a .proto file as is needed to add a field to one of its messages. */
export interface ProtoFile {
  /** `proto2` where the file says nothing. */
  readonly syntax: 'proto2' | 'proto3' | 'editions';
  readonly package: string;
  readonly messages: readonly ProtoMessage[];
}

export interface ProtoMessage {
  readonly name: string;
  /** Behind the opening brace. */
  readonly bodyStart: number;
  readonly fields: ProtoField[];
  /** Every name that stands in the message: fields, oneofs, types, enum values, extensions. */
  readonly names: Set<string>;
  /** From, to (inclusive). */
  readonly reservedNumbers: [number, number][];
  readonly reservedNames: Set<string>;
  readonly extensionRanges: [number, number][];
  readonly messages: ProtoMessage[];
  /** Where in `messages` a map field or a group would stand, were its entry counted as a message. */
  readonly hiddenAt: number[];
  hasGroup: boolean;
  isMessageSet: boolean;
}

export interface ProtoField {
  readonly name: string;
  readonly number: number;
  /** `json_name`, or the name in lowerCamelCase. */
  readonly jsonName: string;
}

export const LARGEST_NUMBER = 536_870_911;

/** As protoc does: an underscore goes, what follows it becomes a capital. */
export const jsonNameOf = (name: string): string =>
  name.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase());
