/**
 * A report as a list of blocks that HTML, Markdown and plain text each draw in their own way. Comparison reports are made of it; the report
 * of one run has its own drawings in each form.
 */
import type { FactBlock } from './facts.ts';
import type { Markup } from './html.ts';
import type { SectionId } from './sections.ts';
import type { Table } from './tables.ts';

export interface Document {
  /** Umbra's version. */
  readonly umbra: string;
  readonly title: string;
  readonly subtitle: string;
  /** What a reader must know first. */
  readonly notes: readonly string[];
  /** The finding, one paragraph. */
  readonly lead: string;
  readonly figure?: Figure;
  readonly sections: readonly DocumentSection[];
  /** What no reader may forget: at the foot. */
  readonly foot: string;
}

export interface DocumentSection {
  /** Undefined: always there. */
  readonly id?: SectionId;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'table'; readonly caption: string; readonly table: Table }
  /** `inText`: also in plain text, in characters. */
  | { readonly kind: 'figures'; readonly figures: readonly Figure[]; readonly inText?: true }
  | { readonly kind: 'facts'; readonly blocks: readonly FactBlock[] }
  | { readonly kind: 'commands'; readonly commands: readonly string[] };

export interface Figure {
  /** File name without ending. */
  readonly name: string;
  readonly caption: string;
  readonly drawing: Markup;
  /** What its marks mean. */
  readonly key?: string;
  /** The same in at most 72 columns of ASCII. */
  readonly text: readonly string[];
}
