'use strict';
// The diff at the cursor. It comes in stretches, as far as somebody reads; words of the language come after.
const ROWS = 300;
let F = null, asked = 0;
const pieces = text => text.map(p => typeof p === 'string' ? p : el('span', { class: p[1] }, p[0]));
const blank = () => [el('span'), el('span', { class: 'no' }), el('span', { class: 'sign' }), el('span', { class: 'code' })];

function pick(hunk, side) {
  const b = el('button', { type: 'button', class: 'pick', tabindex: -1, 'data-hunk': hunk, 'data-line': side.number });
  b.onclick = () => put({ item: R.item, hunk, line: side.number, take: b.getAttribute('aria-pressed') !== 'true' });
  return b;
}
function lineRow(row) {
  if (row.hunk) {
    const e = el('div', { class: 'hunk', 'data-hunk': row.hunk },
      markButton('false', 'hunk ' + row.hunk, take => put({ item: R.item, hunk: row.hunk, take })),
      el('b', {}, 'hunk ' + row.hunk + ' of ' + num(F.hunks)), el('span', { class: 'at' }, row.at), row.in ? el('span', { class: 'in' }, row.in) : null);
    e.onclick = event => { if (!event.target.closest('button')) stand(row.hunk, false); };
    return e;
  }
  if (row.text) {
    if (!R.split) return el('div', { class: 'l' }, el('span'), el('span', { class: 'no old' }, String(row.old)), el('span', { class: 'no' }, String(row.new)), el('span', { class: 'sign' }, ' '), el('span', { class: 'code' }, pieces(row.text)));
    const half = n => [el('span'), el('span', { class: 'no' }, String(n)), el('span', { class: 'sign' }, ' '), el('span', { class: 'code' }, pieces(row.text))];
    return el('div', { class: 'l two' }, half(row.old), half(row.new));
  }
  if (!R.split) {
    const side = row.went || row.came, cls = row.went ? 'went' : 'came';
    return el('div', { class: 'l ' + cls }, pick(row.of, side), el('span', { class: 'no old' }, row.went ? String(side.at) : ''), el('span', { class: 'no' }, row.came ? String(side.at) : ''), el('span', { class: 'sign' }, row.went ? '−' : '+'), el('span', { class: 'code' }, pieces(side.text)));
  }
  const half = (side, cls) => side ? [pick(row.of, side), el('span', { class: 'no ' + cls }, String(side.at)), el('span', { class: 'sign ' + cls }, cls === 'went' ? '−' : '+'), el('span', { class: 'code ' + cls }, pieces(side.text))] : blank();
  return el('div', { class: 'l two' }, half(row.went, 'went'), half(row.came, 'came'));
}
/** Puts marks on what is drawn, without drawing it again. */
function drawMarks() {
  const item = current();
  if (!item || !F) return;
  const pane = $('pane');
  for (const h of pane.querySelectorAll('.hunk')) {
    const n = Number(h.dataset.hunk), mark = hunkMark(item.accept, n), old = h.querySelector('.mark');
    if (old.getAttribute('aria-pressed') !== mark) {
      const had = document.activeElement === old;
      old.replaceWith(markButton(mark, 'hunk ' + n, take => put({ item: R.item, hunk: n, take })));
      if (had) h.querySelector('.mark').focus();
    }
    h.classList.toggle('here', n === R.hunk);
  }
  pane.classList.toggle('some', Array.isArray(item.accept) && item.accept.some(p => typeof p !== 'number'));
  for (const b of pane.querySelectorAll('.pick')) {
    const taken = lineTaken(item.accept, Number(b.dataset.hunk), Number(b.dataset.line));
    b.setAttribute('aria-pressed', taken);
    b.setAttribute('aria-label', 'line ' + b.dataset.line + ' of hunk ' + b.dataset.hunk + ', ' + (taken ? 'taken' : 'left'));
    b.title = taken ? 'Leave this line' : 'Take this line';
    b.textContent = taken ? '✓' : '○';
  }
  const mark = markOf(item.accept), head = pane.querySelector('.head .mark');
  if (head) head.replaceWith(markButton(mark, item.path, take => put({ item: R.item, take })));
}
function others() {
  const item = current();
  return R.sessions.flatMap((s, tab) => {
    const at = tab === R.tab ? -1 : s.items.findIndex(i => i.path === item.path);
    if (at < 0) return [];
    const b = el('button', { type: 'button' }, s.label + ' changed it, too');
    b.onclick = () => { turn(tab); choose(at); };
    return [b];
  });
}
function head() {
  const item = current();
  const h = el('div', { class: 'head' }, el('h2', {}, markButton(markOf(item.accept), item.path, take => put({ item: R.item, take })), el('span', {}, item.path),
    el('small', {}, item.status, item.was ? ', was ' + item.was : ''),
    F && F.hunks ? el('small', {}, el('span', { class: 'plus' }, '+' + num(F.additions)), ' ', el('span', { class: 'minus' }, '−' + num(F.deletions)), ' ', plural(F.hunks, 'hunk')) : null, others()));
  if (item.stale) h.append(el('p', { class: 'fact warn' }, 'It changed since you decided on it.'));
  if (F) for (const fact of F.facts) h.append(el('p', { class: 'fact' }, pieces(fact)));
  return h;
}
async function stretch(from, words, hunk) {
  const q = new URLSearchParams({ tab: R.tab, item: R.item, rows: ROWS, split: R.split ? 1 : 0, words: words ? 1 : 0 });
  if (hunk) q.set('hunk', hunk); else q.set('from', from);
  return ask('file?' + q);
}
/** Draws the file at the cursor, from the beginning or from a hunk. */
async function drawFile(hunk) {
  const pane = $('pane'), mine = ++asked, item = current();
  if (!item) { F = null; pane.replaceChildren(el('p', { class: 'fill' }, 'Nothing to review here.')); return; }
  const got = await stretch(0, false, hunk);
  if (mine !== asked) return;
  if (got.error) { F = null; pane.replaceChildren(head(), el('p', { class: 'fill risk' }, got.error)); return; }
  F = got;
  item.stats = F.binary ? 'bin' : F.hunks ? '+' + num(F.additions) + ' −' + num(F.deletions) : '';
  const folded = F.fold && !item.unfolded;
  pane.style.setProperty('--n', String(Math.max(4, ...F.rows.map(r => String(r.new || r.old || 0).length + 2))) + 'ch');
  const body = el('div', { id: 'rows' });
  pane.replaceChildren(head(), body);
  pane.scrollTop = 0;
  if (folded) {
    const b = el('button', { type: 'button' }, 'Unfold');
    b.onclick = unfold;
    body.append(el('p', { class: 'fill' }, 'Folded, ' + F.fold + ': ' + plural(F.additions + F.deletions, 'changed line') + '. ', b));
  } else fill(body, got, mine);
  drawMarks(); drawFiles();
}
function unfold() { const item = current(); if (item) { item.unfolded = !item.unfolded; drawFile(); } }
/** Puts a stretch on the page; what lies before and after it comes when it is wanted. */
function fill(body, got, mine) {
  const holder = el('div', {}, got.rows.map(lineRow));
  body.append(holder);
  stretch(got.from, true).then(lit => {
    if (mine !== asked || lit.error) return;
    holder.replaceChildren(...lit.rows.map(lineRow));
    drawMarks();
  });
  const end = got.from + got.rows.length;
  if (got.from > 0 && !body.querySelector('.before')) {
    const b = el('button', { type: 'button' }, 'Show from the beginning');
    b.onclick = () => { R.hunk = 1; drawFile(); };
    body.prepend(el('p', { class: 'fill before' }, b));
  }
  if (end < got.total) {
    const more = el('p', { class: 'fill' }, num(got.total - end) + ' more rows');
    body.append(more);
    const seen = new IntersectionObserver(async found => {
      if (!found.some(f => f.isIntersecting)) return;
      seen.disconnect();
      const next = await stretch(end, false);
      if (mine !== asked || next.error) return;
      more.remove();
      fill(body, next, mine);
      drawMarks();
    }, { root: $('pane'), rootMargin: '1200px' });
    seen.observe(more);
  }
}
/** Stands on a hunk, and brings it into sight. */
async function stand(hunk, scroll) {
  if (!F || !F.hunks) return;
  R.hunk = Math.min(Math.max(1, hunk), F.hunks);
  if (current().unfolded === undefined && F.fold) { current().unfolded = true; await drawFile(); }
  if (scroll && !$('pane').querySelector('.hunk[data-hunk="' + R.hunk + '"]')) await drawFile(R.hunk);
  drawMarks();
  const h = $('pane').querySelector('.hunk[data-hunk="' + R.hunk + '"]');
  if (scroll && h) $('pane').scrollTop += h.getBoundingClientRect().top - $('pane').querySelector('.head').getBoundingClientRect().bottom - 4;
}
