/** Tables: they scroll inside their card, never the page; numbers line up. */
export const tableStyle = `
.scroll {
  overflow-x: auto; margin: 0 -1.1rem -0.4rem; padding: 0 1.1rem 0.4rem;
  /* A shadow at an edge says that there is more; where there is none, the surface that moves along covers it. */
  background:
    linear-gradient(to right, var(--surface) 40%, transparent) left / 2.5rem 100% no-repeat local,
    linear-gradient(to left, var(--surface) 40%, transparent) right / 2.5rem 100% no-repeat local,
    linear-gradient(to right, var(--shadow), transparent) left / 0.8rem 100% no-repeat scroll,
    linear-gradient(to left, var(--shadow), transparent) right / 0.8rem 100% no-repeat scroll;
}
.scroll + .hint { margin-top: 0.9rem; }
.scroll.tall { max-height: 26rem; overflow-y: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.9rem 0.35rem 0; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
tbody tr:last-child > * { border-bottom: 0; }
th { font-weight: 600; white-space: nowrap; }
thead th { font-size: 0.8125rem; color: var(--muted); border-bottom-color: var(--muted); }
.tall thead th { position: sticky; top: 0; background: var(--surface); box-shadow: inset 0 -1px var(--muted); border-bottom: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.nowrap { white-space: nowrap; }
.id { overflow-wrap: anywhere; min-width: 7rem; }
th.number { text-align: right; }
#lag-summary { margin-bottom: 0.5rem; }
.why { min-width: 15rem; color: var(--muted); }
.muted { color: var(--muted); }
td.none { color: var(--muted); padding: 0.8rem 0; }

.offsets { display: flex; flex-wrap: wrap; gap: 0.05rem 0.9rem; font-size: 0.8125rem; line-height: 1.65;
  color: var(--muted); font-variant-numeric: tabular-nums; }
.offsets span { white-space: nowrap; }
.offsets b { font-weight: 600; color: var(--text); }
tr.explains > td { padding-top: 0; }
tr.explained > * { border-bottom: 0; }
.error { background: var(--bad-ground); color: var(--bad); border-radius: 6px; padding: 0.45rem 0.7rem; font-size: 0.875rem;
  overflow-wrap: anywhere; min-width: 14rem; }
.error p + p { margin-top: 0.15rem; }

#profile > * { margin-top: 0.8rem; }
#profile table { margin-bottom: 0.3rem; }
#profile td.value { text-align: right; font-variant-numeric: tabular-nums; }
#profile td { overflow-wrap: anywhere; min-width: 5rem; }
@media (max-width: 36rem) {
  .offsets span { white-space: normal; overflow-wrap: anywhere; }
  .scroll { margin-inline: -0.8rem; padding-inline: 0.8rem; }
}
.facts { color: var(--muted); font-size: 0.8125rem; overflow-wrap: anywhere; }
`;
