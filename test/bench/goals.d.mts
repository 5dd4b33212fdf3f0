interface Goal {
  readonly what: string;
  readonly figure: number | undefined;
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly why?: string;
}
export function printGoals(rows: readonly Goal[]): void;
