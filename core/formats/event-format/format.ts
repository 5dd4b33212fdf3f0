/** A kernel event's own description, as /sys/kernel/tracing/events/…/format gives it. */
export interface EventField {
  readonly name: string;
  /** The C type, as printed in the format. */
  readonly type: string;
  /** Byte offset and size in the payload. */
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  /** `none`: a number (or an array of bytes); `string`: fixed char array; `data-loc` / `rel-loc`: offset and length of dynamic data. */
  readonly kind: 'number' | 'array' | 'string' | 'data-loc' | 'rel-loc';
  /** Elements of an array; 1 otherwise. */
  readonly count: number;
}

export interface EventFormat {
  /** `common_type` in the records. */
  readonly id: number;
  readonly system: string;
  readonly name: string;
  /** Common fields first, in the order of the description. Empty for captures that are text already. */
  readonly fields: readonly EventField[];
  /** The print format, verbatim: `"%s", REC->x`. */
  readonly printFormat: string;
  /** The whole description, as recorded: kept in the lab file. */
  readonly text: string;
}
