/** A number as people read it: so many significant digits, without zeros that say nothing. */
export const shown = (value: number, digits = 3): string => String(Number(value.toPrecision(digits)));
