/** Colours of both schemes, page frame, cards, forms. Every pair of text and ground has a contrast of 4.5 or more. */
export const layoutStyle = `:root {
  color-scheme: light dark;
  --ground: #f4f6f8; --surface: #ffffff; --text: #18202a; --muted: #586272; --line: #dbe1e8; --shade: #eef2f6;
  --accent: #0b5cb5; --on-accent: #ffffff; --good: #0f6b3a; --good-ground: #e2f4e9; --wait: #7a5000; --wait-ground: #fdf1d5;
  --bad: #a8201a; --bad-ground: #fde8e6; --shadow: rgb(20 30 45 / 0.16);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1317; --surface: #181d23; --text: #e7ebf0; --muted: #9ba6b4; --line: #2b333d; --shade: #20272f;
    --accent: #82b8ff; --on-accent: #0b1a2c; --good: #6fd69c; --good-ground: #14301f; --wait: #f2bf5e; --wait-ground: #352707;
    --bad: #ff9a91; --bad-ground: #3d1714; --shadow: rgb(0 0 0 / 0.55);
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0 auto; max-width: 84rem; padding: 1rem 1.25rem 3rem; background: var(--ground); color: var(--text);
  font: 0.9375rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
}
h1, h2, p, dl, dd { margin: 0; }
h1 { font-size: 1.375rem; display: flex; align-items: center; gap: 0.6rem; letter-spacing: -0.01em; }
h2 { font-size: 1rem; margin-bottom: 0.6rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

.top { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 1rem; margin-bottom: 1rem; }
.about { color: var(--muted); flex: 1 1 16rem; }
.updated { color: var(--muted); font-variant-numeric: tabular-nums; }
.hint { color: var(--muted); font-size: 0.8125rem; }
.notice, .problem:not(:empty) { background: var(--bad-ground); color: var(--bad); border-radius: 8px; padding: 0.6rem 0.9rem; }
.notice { margin-bottom: 1rem; }
.notice.wait { background: var(--wait-ground); color: var(--wait); }
.problem .hint { display: block; color: inherit; }

.pill { display: inline-block; border-radius: 999px; padding: 0.1rem 0.65rem; font-size: 0.8125rem; font-weight: 600;
  white-space: nowrap; background: var(--shade); color: var(--muted); }
.pill.good { background: var(--good-ground); color: var(--good); }
.pill.wait { background: var(--wait-ground); color: var(--wait); }
.pill.bad { background: var(--bad-ground); color: var(--bad); }

#content { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); transition: opacity 0.3s; }
#content.stale { opacity: 0.75; }
.pair { display: grid; gap: 1rem; grid-template-columns: repeat(2, minmax(0, 1fr)); align-items: start; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.1rem; min-width: 0; }
.gate .card { max-width: 30rem; margin: 12vh auto 0; }
.gate p { margin-bottom: 0.8rem; }

.tiles { display: grid; gap: 1rem; grid-template-columns: repeat(5, minmax(0, 1fr)); }
.tiles > div { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 0.75rem 1.1rem; min-width: 0; }
.tiles dt { color: var(--muted); font-size: 0.8125rem; }
.tiles dd { font-size: 1.6rem; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.tiles dd.of { font-size: 0.8125rem; font-weight: 400; color: var(--muted); }

label { display: block; font-size: 0.8125rem; color: var(--muted); margin-bottom: 0.2rem; }
input, select {
  font: inherit; width: 100%; padding: 0.4rem 0.6rem; color: inherit; background: var(--ground);
  border: 1px solid var(--muted); border-radius: 6px;
}
input::placeholder { color: var(--muted); opacity: 1; }
button { font: inherit; }
button[type="submit"] { padding: 0.4rem 1rem; border: 1px solid var(--accent); border-radius: 6px;
  background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; }
button.link { padding: 0; border: 0; background: none; color: var(--accent); cursor: pointer; text-align: left; overflow-wrap: anywhere; }
button.link:hover { text-decoration: underline; }
.compare { display: flex; align-items: center; gap: 0.6rem; margin-bottom: 0.6rem; }
.compare label { margin: 0; }
.compare select { width: auto; min-width: 0; max-width: 100%; }
.row { display: flex; gap: 0.6rem; margin-bottom: 0.8rem; }
.search { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr) auto; gap: 0.6rem; align-items: end; }
.search .hint { grid-column: 1 / -1; }

@media (max-width: 60rem) { .pair { grid-template-columns: minmax(0, 1fr); } .tiles { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
@media (max-width: 36rem) {
  body { padding: 0.75rem 0.75rem 2rem; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.6rem; }
  .tiles dd { font-size: 1.3rem; }
  .card { padding: 0.8rem; }
  .search { grid-template-columns: minmax(0, 1fr); }
}
@media (prefers-reduced-motion: reduce) { #content { transition: none; } }
`;
