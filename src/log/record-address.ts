/** Where a record lies. A file of its own, because programs that use the library see it, and have no types of Node's. */
export interface RecordAddress {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}
