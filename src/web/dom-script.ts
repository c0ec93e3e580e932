/** Building elements, and how numbers and times read. Text only ever becomes text nodes, so that ids cannot be markup. */
export const domScript = String.raw`
export const byId = (id) => document.getElementById(id);

/** element('td', {class: 'number'}, 'text', node, ...) */
export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) if (value !== undefined) made.setAttribute(name, value);
  made.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return made;
}

const shown = new WeakMap();

/**
 * Puts what build() makes of the data into the place, unless the same data is there already: selections, focus and scroll positions stay
 * while nothing changes.
 */
export function show(place, data, build) {
  const fingerprint = JSON.stringify(data);
  if (shown.get(place) === fingerprint) return;
  shown.set(place, fingerprint);
  place.replaceChildren(...build(data));
}

export function emptyRow(columns, text) {
  return element('tr', {}, element('td', { colspan: columns, class: 'none' }, text));
}

export const pill = (kind, text) => element('span', { class: 'pill ' + kind }, text);

const numbers = new Intl.NumberFormat();
export const number = (value) => numbers.format(value);
const upToTwo = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
export const short = (value) => upToTwo.format(value);
export const percent = (share) => short(share * 100) + ' %';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
export const timeOfDay = (ms) => clock.format(ms);

/** The time of day; the day too unless it is today's. */
export function timeElement(ms) {
  const iso = new Date(ms).toISOString();
  const today = new Date(ms).toDateString() === new Date().toDateString();
  return element('time', { datetime: iso, title: iso }, (today ? '' : iso.slice(0, 10) + ' ') + timeOfDay(ms));
}

/** A box that says what went wrong, and what to do. */
export function problem(error) {
  const box = element('div', { class: 'problem' }, error.message + (error.code ? ' (' + error.code + ')' : ''));
  if (error.hint) box.append(element('span', { class: 'hint' }, error.hint));
  return box;
}
`;
