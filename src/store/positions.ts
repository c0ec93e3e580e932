/** topic -> partition -> next offset */
export type Positions = Readonly<Record<string, Readonly<Record<string, number>>>>;
