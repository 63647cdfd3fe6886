import type { Compare, Entry, Operation, Transaction } from './store.ts';

/** The parts of etcd's RPC types used here, so that etcd3 itself stays in its one file. */
interface WireCompare {
  readonly key: Buffer;
  readonly target: 'Create' | 'Value';
  readonly result: 'Equal' | 'NotEqual' | 'Less';
  readonly create_revision?: string;
  readonly value?: Buffer;
}

interface WireOperation {
  readonly request_range?: { readonly key: Buffer; readonly range_end?: Buffer; readonly limit?: number };
  readonly request_put?: { readonly key: Buffer; readonly value: Buffer; readonly lease?: string };
  readonly request_delete_range?: { readonly key: Buffer };
}

interface Request {
  compare: WireCompare[];
  success: WireOperation[];
  failure: WireOperation[];
}

interface Response {
  readonly response_range?: {
    readonly kvs: readonly {
      readonly key: Buffer;
      readonly value: Buffer;
      readonly create_revision: string;
    }[];
  };
}

/** etcd's transaction, as etcd3 wants it. */
export function toRequest({ when, then, otherwise }: Transaction): Request {
  return {
    compare: when.map(toCompare),
    success: then.map(toOperation),
    failure: otherwise.map(toOperation),
  };
}

function toCompare(compare: Compare): WireCompare {
  const key = Buffer.from(compare.key);
  switch (compare.is) {
    case 'absent':
      return { key, target: 'Create', result: 'Equal', create_revision: '0' };
    case 'present':
      return { key, target: 'Create', result: 'NotEqual', create_revision: '0' };
    case 'created-at':
      return { key, target: 'Create', result: 'Equal', create_revision: compare.revision };
    case 'equal':
      return { key, target: 'Value', result: 'Equal', value: Buffer.from(compare.value) };
    case 'below':
      return { key, target: 'Value', result: 'Less', value: Buffer.from(compare.value) };
  }
}

function toOperation(operation: Operation): WireOperation {
  switch (operation.do) {
    case 'get':
      return { request_range: { key: Buffer.from(operation.key) } };
    case 'list': {
      const { prefix, limit } = operation;
      const range = { key: Buffer.from(prefix), range_end: afterPrefix(prefix) };
      return { request_range: limit === undefined ? range : { ...range, limit } };
    }
    case 'put': {
      const { key, value, leaseId } = operation;
      const pair = { key: Buffer.from(key), value: Buffer.from(value) };
      return { request_put: leaseId === undefined ? pair : { ...pair, lease: leaseId } };
    }
    case 'delete':
      return { request_delete_range: { key: Buffer.from(operation.key) } };
  }
}

/** Our prefixes end in `/`: the next byte bounds them. */
function afterPrefix(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1]! += 1;
  return end;
}

/** With `oneofs` only the field of the operation asked for is there, whatever etcd3's types say. */
export function toEntries(response: Response): Entry[] {
  return (response.response_range?.kvs ?? []).map(({ key, value, create_revision }) => ({
    key: key.toString(),
    value: value.toString(),
    createRevision: create_revision,
  }));
}
