'use strict';
const D = JSON.parse(document.getElementById('data').textContent);
const F = D.facts, T = D.timeline, A = D.analysis;
const main = document.getElementById('main');
// All text from the logs goes through textContent, so it is never parsed as markup.
function el(tag, attrs, ...kids) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attrs || {})) if (v !== null && v !== undefined) e.setAttribute(k, v);
  for (const kid of kids.flat()) if (kid !== null && kid !== undefined) e.append(kid);
  return e;
}
const svgNs = 'http://www.w3.org/2000/svg';
function svg(tag, attrs, text) {
  const e = document.createElementNS(svgNs, tag);
  for (const [k, v] of Object.entries(attrs)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  return e;
}
const dur = ms => ms == null ? '–' : ms < 1000 ? Math.round(ms) + ' ms' : ms < 60000 ? (ms / 1000).toFixed(1) + ' s' : Math.floor(ms / 60000) + ' m ' + String(Math.floor(ms / 1000) % 60).padStart(2, '0') + ' s';
const num = n => n == null ? '–' : n.toLocaleString('en');
const usd = n => n == null ? '–' : n === 0 ? '$0' : n < .01 ? '$' + n.toFixed(6) : n < 1 ? '$' + n.toFixed(4) : '$' + n.toFixed(2);
const pct = n => n == null ? '–' : (n * 100).toFixed(1) + ' %';
function section(id, title) {
  const s = el('section', { id, 'aria-labelledby': id + '-h' }, el('h2', { id: id + '-h' }, title));
  main.append(s);
  document.getElementById('nav').append(el('a', { href: '#' + id }, title));
  return s;
}
function table(parent, caption, heads, rows) {
  if (!rows.length) { parent.append(el('p', { class: 'soft' }, 'None.')); return; }
  const body = el('tbody');
  const fill = list => body.replaceChildren(...list.map(r => el('tr', {}, r.map((c, i) => {
    const td = el('td', heads[i].n ? { class: 'n' } : {});
    td.append(c && c.node ? c.node : c && typeof c === 'object' && 'show' in c ? c.show : c == null ? '–' : String(c));
    return td;
  }))));
  const key = c => c && typeof c === 'object' && 'by' in c ? c.by : c;
  const head = el('tr', {}, heads.map((h, i) => {
    const b = el('button', { type: 'button', title: 'Sort by ' + h.t }, h.t), th = el('th', { scope: 'col', class: h.n ? 'n' : null }, b);
    let up = false;
    b.onclick = () => {
      up = !up;
      for (const other of head.children) other.removeAttribute('aria-sort');
      th.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      fill([...rows].sort((x, y) => { const p = key(x[i]), q = key(y[i]); const c = typeof p === 'number' && typeof q === 'number' ? p - q : String(p).localeCompare(String(q)); return up ? c : -c; }));
    };
    return th;
  }));
  fill(rows);
  parent.append(el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption }, el('table', {}, el('caption', { class: 'soft' }, caption), el('thead', {}, head), body)));
}
const n = (by, show) => ({ by, show });

// Header.
document.title = 'MassGen ' + F.run;
document.getElementById('title').textContent = F.run + ' · turn ' + F.turn;
document.getElementById('question').textContent = F.question || '';
const last = F.attempts[F.attempts.length - 1] || {};
const sum = k => F.attempts.reduce((s, a) => s + (a[k] || 0), 0);
for (const [k, v] of [['outcome', (last.outcome || 'none').replace('_', ' ')], ['winner', last.winner || 'none'], ['wall time', dur(F.wall_ms)], ['agents', (last.agents || []).length], ['attempts', F.attempts.length], ['cost (estimate)', usd(sum('cost_usd'))], ['tokens in / out', num(sum('input_tokens')) + ' / ' + num(sum('output_tokens'))], ['tool calls (failed)', num(sum('tool_calls')) + ' (' + num(sum('tool_failures')) + ')'], ['answers / votes', F.attempts.reduce((s, a) => s + a.answers.length, 0) + ' / ' + F.attempts.reduce((s, a) => s + a.votes.length, 0)], ['problems (high)', F.problems.length + ' (' + F.problems.filter(p => p.severity === 'high').length + ')']])
  document.getElementById('tiles').append(el('li', {}, el('b', {}, String(v)), el('span', {}, k)));

// Timeline.
const where = section('timeline', 'Timeline');
where.append(el('p', { class: 'legend' }, [['r-initial_answer', 'first answer'], ['r-voting', 'voting'], ['r-presentation', 'presenting'], ['r-cut', 'cut off'], ['c-ok', 'tool'], ['c-failed', 'failed tool'], ['c-background', 'background']].map(([c, t]) => {
  const i = el('i'), name = { 'r-initial_answer': 'first', 'r-voting': 'vote', 'r-presentation': 'final', 'r-cut': 'cut', 'c-ok': 'tool', 'c-failed': 'bad', 'c-background': 'soft' }[c];
  i.style.background = 'var(--' + name + ')';
  return el('span', {}, i, t);
})), el('p', { class: 'soft' }, 'Marks: A answer, V vote, R restart, F final answer, ! trouble, T timeout. Zoom with the buttons, + and −, or Ctrl and the mouse wheel. Select bars with the arrow keys.'));
const detail = el('div', { id: 'detail', 'aria-live': 'polite' }, 'Select a bar or a mark to see its details.');
const spots = [];
const NAME = 150, LANE = 46, PAPER = 700;
function draw(track, holder, zoom, room) {
  const end = Math.max(track.wall_ms, 1, ...track.lanes.flatMap(l => l.rounds.map(r => r.end_ms)));
  const width = Math.max(200, (room || holder.clientWidth || 900) - NAME - 12) * zoom, x = ms => NAME + ms / end * width;
  const wide = NAME + width + 10, tall = 28 + track.lanes.length * LANE;
  const s = svg('svg', { width: wide, height: tall, viewBox: `0 0 ${wide} ${tall}`, role: 'group', 'aria-label': 'Timeline of attempt ' + track.attempt + ': ' + track.lanes.length + ' agents over ' + dur(end) });
  // Leave room for two labels per step: the last label ends at the end of the axis.
  const steps = Math.max(1, Math.floor(width / 120));
  for (let i = 0; i <= steps; i++) {
    const at = x(end * i / steps);
    s.append(svg('line', { x1: at, x2: at, y1: 18, y2: tall, class: 'grid' }), svg('text', { x: at, y: 13, class: 'ax', 'text-anchor': i === steps ? 'end' : 'start' }, dur(end * i / steps)));
  }
  track.lanes.forEach((lane, i) => {
    const y = 24 + i * LANE, name = lane.agent.length > 20 ? lane.agent.slice(0, 19) + '…' : lane.agent;
    s.append(svg('text', { x: 4, y: y + 15, 'font-weight': lane.won ? 'bold' : 'normal' }, (lane.won ? '★ ' : '') + name), svg('text', { x: 4, y: y + 30, class: 'ax' }, (lane.model || '').slice(0, 24)));
    const place = (shape, text, line, to) => {
      shape.setAttribute('tabindex', -1); shape.setAttribute('role', 'img'); shape.setAttribute('aria-label', text);
      shape.append(svg('title', {}, text));
      const spot = { shape, text, file: track.path + '/events.jsonl', from: line, to: to || line };
      shape.addEventListener('click', () => choose(spot));
      spots.push(spot); s.append(shape);
    };
    for (const r of lane.rounds) {
      const cls = r.outcome === 'restarted' ? 'cut' : ['initial_answer', 'voting', 'presentation'].includes(r.kind) ? r.kind : 'other';
      place(svg('rect', { x: x(r.start_ms), y: y + 2, width: Math.max(1.5, x(r.end_ms) - x(r.start_ms)), height: 18, rx: 2, class: 'r-' + cls }),
        `${lane.agent} round ${r.round} (${r.kind.replace('_', ' ')}): ${r.outcome}${r.what ? ' ' + r.what : ''}, ${dur(r.start_ms)} to ${dur(r.end_ms)}, tools ${dur(r.exec_ms)}, ${r.tool_calls} calls${r.tool_failures ? ', ' + r.tool_failures + ' failed' : ''}${r.input_tokens != null ? ', ' + num(r.input_tokens) + ' tokens in, ' + usd(r.cost_usd) : ''}`, r.line, r.end_line);
    }
    for (const c of lane.calls)
      place(svg('rect', { x: x(c.start_ms), y: y + 24, width: Math.max(1.5, x(c.end_ms) - x(c.start_ms)), height: 9, class: 'c-' + c.state }),
        `${lane.agent} ${c.tool}: ${c.state}${c.failure ? ' (' + c.failure + ')' : ''}, ${dur(c.end_ms - c.start_ms)} from ${dur(c.start_ms)}`, c.line || c.end_line, c.end_line || c.line);
    for (const m of lane.marks) {
      const sign = { answer: 'A', vote: 'V', restart: 'R', final: 'F', trouble: '!', timeout: 'T' }[m.kind] || '·';
      // A restart follows each answer immediately; their marks would overlap.
      if (m.kind === 'restart' && lane.marks.some(o => o.kind !== 'restart' && Math.abs(x(o.at_ms) - x(m.at_ms)) < 10)) continue;
      s.append(svg('line', { x1: x(m.at_ms), x2: x(m.at_ms), y1: y, y2: y + 22, class: 'm' }));
      place(svg('text', { x: x(m.at_ms) + 2, y: y + 44 }, sign), `${lane.agent} ${m.kind.replace('_', ' ')} at ${dur(m.at_ms)}: ${m.text}`, m.line);
    }
  });
  holder.replaceChildren(s);
}
let chosen = null;
function choose(spot, stays) {
  if (chosen) { chosen.shape.classList.remove('sel'); chosen.shape.setAttribute('tabindex', -1); }
  chosen = spot;
  spot.shape.classList.add('sel'); spot.shape.setAttribute('tabindex', 0);
  if (stays) return;
  spot.shape.focus({ preventScroll: true });
  spot.shape.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  detail.textContent = spot.text + (spot.from ? `  [${spot.file}:${spot.from}${spot.to > spot.from ? '-' + spot.to : ''}]` : '');
}
T.attempts.forEach(track => {
  let zoom = 1;
  const holder = el('div', { class: 'lanes', tabindex: 0, role: 'region', 'aria-label': 'Timeline of attempt ' + track.attempt });
  const again = by => {
    const mid = (holder.scrollLeft + holder.clientWidth / 2) / holder.scrollWidth;
    zoom = by ? Math.min(200, Math.max(1, zoom * by)) : 1;
    redraw();
    holder.scrollLeft = mid * holder.scrollWidth - holder.clientWidth / 2;
  };
  const own = () => spots.filter(s => holder.contains(s.shape));
  // Keep the selection and the keyboard focus after redrawing.
  const redraw = room => {
    const old = own(), selected = old.includes(chosen) ? chosen : null, focused = holder.contains(document.activeElement);
    for (const spot of old) spots.splice(spots.indexOf(spot), 1);
    draw(track, holder, zoom, room);
    const same = selected && own().find(s => s.text === selected.text && s.from === selected.from);
    if (same) choose(same, !focused); else if (focused) holder.focus();
  };
  const button = (t, label, by) => { const b = el('button', { type: 'button', 'aria-label': label }, t); b.onclick = () => again(by); return b; };
  where.append(el('h3', {}, `Attempt ${track.attempt}: ${track.outcome.replace('_', ' ')} after ${dur(track.wall_ms)}`), el('div', { class: 'tools' }, button('+', 'Zoom in', 1.6), button('−', 'Zoom out', 1 / 1.6), button('Fit', 'Show the whole attempt', 0)), holder);
  holder.addEventListener('wheel', e => { if (e.ctrlKey) { e.preventDefault(); again(e.deltaY < 0 ? 1.2 : 1 / 1.2); } }, { passive: false });
  holder.addEventListener('keydown', e => {
    if (e.key === '+' || e.key === '=') again(1.6); else if (e.key === '-') again(1 / 1.6); else if (e.key === '0') again(0);
    else if (e.key.startsWith('Arrow')) {
      const all = own(); if (!all.length) return;
      const at = all.indexOf(chosen), step = e.key === 'ArrowRight' || e.key === 'ArrowDown' ? 1 : -1;
      choose(all[at < 0 && step < 0 ? all.length - 1 : (at + step + all.length) % all.length]);
    } else return;
    e.preventDefault();
  });
  draw(track, holder, zoom);
  addEventListener('resize', () => again(1));
  // Paper is narrower than the screen and does not scroll.
  addEventListener('beforeprint', () => { zoom = 1; redraw(PAPER); });
  addEventListener('afterprint', () => redraw());
});
where.append(detail);

// Problems and findings, with their evidence.
let count = 0;
function evidence(list) {
  return (list || []).map(e => {
    const id = 'ev-' + ++count, box = el('span', { class: 'ev', id }, el('code', {}, `${e.file}:${e.line_start}${e.line_end > e.line_start ? '-' + e.line_end : ''}`), e.verified === false ? el('b', {}, ' not found') : null, el('br'), el('code', {}, e.quote || ''));
    const spot = () => spots.filter(s => s.file === e.file && s.from <= e.line_start && s.to >= e.line_start).sort((a, b) => (a.to - a.from) - (b.to - b.from))[0];
    if (spot()) { const b = el('button', { type: 'button' }, 'Show on the timeline'); b.onclick = () => { choose(spot()); where.scrollIntoView(); }; box.append(el('span', { class: 'tools' }, b)); }
    return box;
  });
}
if (A) {
  const s = section('findings', A.model ? 'Findings of ' + A.model.provider + '/' + A.model.model : 'Findings');
  if (A.summary) s.append(el('p', {}, A.summary));
  for (const f of A.findings || []) s.append(el('article', { class: 'problem ' + f.severity }, el('h3', {}, el('span', { class: 'sev' }, f.severity), f.title, f.verified ? '' : ' — unverified'), el('p', {}, f.claim), f.agreement ? el('p', { class: 'soft' }, 'Found by ' + f.agreement.models.join(', ') + ' (' + f.agreement.models.length + ' of ' + f.agreement.of + ').', ...f.agreement.others.map(o => ' ' + o.model + ': ' + o.claim)) : null, f.recommendation ? el('p', {}, el('b', {}, 'Recommendation: '), f.recommendation) : null, el('details', {}, el('summary', {}, 'Evidence (' + (f.evidence || []).length + ')'), evidence(f.evidence))));
  if (!(A.findings || []).length) s.append(el('p', { class: 'soft' }, 'There are no findings.'));
}
const ps = section('problems', 'Detected problems');
if (!F.problems.length) ps.append(el('p', {}, 'No problems detected.'));
// The most severe come first; the rest is collapsed.
const FEW = 20, problems = F.problems.map(p => el('article', { class: 'problem ' + p.severity }, el('h3', {}, el('span', { class: 'sev' }, p.severity), p.title), el('p', { class: 'soft' }, p.advice), p.evidence.length ? el('details', {}, el('summary', {}, 'Evidence (' + p.evidence.length + ')'), evidence(p.evidence)) : null));
ps.append(...problems.slice(0, FEW));
if (problems.length > FEW) ps.append(el('details', {}, el('summary', {}, (problems.length - FEW) + ' more'), problems.slice(FEW)));

// Figures.
const rows = (f) => F.attempts.flatMap(a => f(a).map(r => F.attempts.length > 1 ? [a.attempt, ...r] : r));
const heads = list => (F.attempts.length > 1 ? [{ t: 'Attempt', n: 1 }] : []).concat(list);
const c = section('agents', 'Agents: time, tokens, cost');
const maxCost = Math.max(1e-12, ...F.attempts.flatMap(a => a.agents.map(g => g.cost_usd)));
table(c, 'Agents', heads([{ t: 'Agent' }, { t: 'Model' }, { t: 'Rounds', n: 1 }, { t: 'Wall', n: 1 }, { t: 'Thinking', n: 1 }, { t: 'Tools', n: 1 }, { t: 'Tokens in', n: 1 }, { t: 'Cached', n: 1 }, { t: 'Tokens out', n: 1 }, { t: 'Cost' }, { t: 'Answers', n: 1 }, { t: 'Votes received', n: 1 }, { t: 'Won' }]), rows(a => a.agents.map(g => {
  const bar = el('span', { class: 'bar', 'aria-hidden': 'true' }); bar.style.width = (g.cost_usd / maxCost * 60) + 'px';
  return [g.id, g.model, g.rounds, n(g.wall_ms, dur(g.wall_ms)), n(g.think_ms, dur(g.think_ms)), n(g.exec_ms, dur(g.exec_ms)), n(g.input_tokens, num(g.input_tokens)), n(g.cache_hit_rate || 0, pct(g.cache_hit_rate)), n(g.output_tokens, num(g.output_tokens)), { by: g.cost_usd, show: el('span', {}, bar, usd(g.cost_usd)) }, g.answers, g.votes_received, g.won ? 'yes' : ''];
})));
c.append(el('h3', {}, 'By round'));
table(c, 'Rounds', heads([{ t: 'Agent' }, { t: 'Round', n: 1 }, { t: 'Kind' }, { t: 'Outcome' }, { t: 'Start', n: 1 }, { t: 'Wall', n: 1 }, { t: 'Thinking', n: 1 }, { t: 'Tools', n: 1 }, { t: 'Calls', n: 1 }, { t: 'Tokens in', n: 1 }, { t: 'Tokens out', n: 1 }, { t: 'Cost', n: 1 }, { t: 'Lines' }]), rows(a => a.agents.flatMap(g => g.segments.map(s => [g.id, s.round, s.kind.replace('_', ' '), s.outcome + (s.what ? ' ' + s.what : ''), n(s.start_ms, dur(s.start_ms)), n(s.wall_ms, dur(s.wall_ms)), n(s.think_ms, dur(s.think_ms)), n(s.exec_ms, dur(s.exec_ms)), s.tool_calls, n(s.spend ? s.spend.input_tokens : -1, s.spend ? num(s.spend.input_tokens) : '–'), n(s.spend ? s.spend.output_tokens : -1, s.spend ? num(s.spend.output_tokens) : '–'), n(s.spend ? s.spend.cost_usd : -1, s.spend ? usd(s.spend.cost_usd) : '–'), s.line ? s.line + '-' + s.end_line : '–']))));
c.append(el('h3', {}, 'Phases (agent time)'));
table(c, 'Phases', heads([{ t: 'Phase' }, { t: 'Rounds', n: 1 }, { t: 'Mean', n: 1 }, { t: 'Longest', n: 1 }, { t: 'Total', n: 1 }, { t: 'Wall', n: 1 }, { t: 'Share', n: 1 }]), rows(a => a.phases.map(p => [p.phase.replace('_', ' '), p.count, n(p.avg_ms, dur(p.avg_ms)), n(p.max_ms, dur(p.max_ms)), n(p.total_ms, dur(p.total_ms)), n(p.wall_ms, dur(p.wall_ms)), n(p.share, pct(p.share))])));
c.append(el('h3', {}, 'Critical path'));
table(c, 'Rounds that determined the duration', heads([{ t: 'Agent' }, { t: 'Round', n: 1 }, { t: 'Outcome' }, { t: 'Start', n: 1 }, { t: 'Wall', n: 1 }]), rows(a => a.critical_path.map(l => [l.agent, l.round, l.outcome, n(l.start_ms, dur(l.start_ms)), n(l.ms, dur(l.ms))])));
const w = section('tools', 'Tools and commands');
table(w, 'Tools', heads([{ t: 'Tool' }, { t: 'Server' }, { t: 'Calls', n: 1 }, { t: 'Failed', n: 1 }, { t: 'Recorded', n: 1 }, { t: 'Total', n: 1 }, { t: 'Median', n: 1 }, { t: 'p95', n: 1 }, { t: 'Slowest', n: 1 }, { t: 'Characters', n: 1 }]), rows(a => a.tools.map(t => [t.name, t.server, t.calls, t.failures, t.recorded_failures, n(t.total_ms, dur(t.total_ms)), n(t.p50_ms, dur(t.p50_ms)), n(t.p95_ms, dur(t.p95_ms)), n(t.max_ms, dur(t.max_ms)), n(t.result_chars, num(t.result_chars))])));
w.append(el('h3', {}, 'Commands'));
table(w, 'Shell commands by pattern', heads([{ t: 'Pattern' }, { t: 'Times', n: 1 }, { t: 'Failed', n: 1 }, { t: 'Total', n: 1 }, { t: 'Slowest', n: 1 }, { t: 'Agents' }]), rows(a => a.commands.map(k => [k.pattern, k.count, k.failures, n(k.total_ms, dur(k.total_ms)), n(k.max_ms, dur(k.max_ms)), k.agents.join(', ')])));
w.append(el('h3', {}, 'Repeated calls'));
table(w, 'Calls with the same arguments', heads([{ t: 'Tool' }, { t: 'Arguments' }, { t: 'Times', n: 1 }, { t: 'Agents' }, { t: 'Repeated', n: 1 }]), rows(a => a.duplicates.map(d => [d.tool, { node: el('code', {}, JSON.stringify(d.args).slice(0, 300)) }, d.count, d.agents.join(', '), n(d.repeated_ms, dur(d.repeated_ms))])));
const v = section('answers', 'Answers and votes');
for (const a of F.attempts) {
  const cards = el('div', { class: 'cards' });
  for (const x of a.answers) {
    const votes = a.votes.filter(y => y.for === x.agent && (!y.label || y.label === x.label));
    cards.append(el('article', { class: 'card' }, el('h3', {}, `${x.label} by ${x.agent}`), el('p', { class: 'soft' }, `after ${dur(x.at_ms)}${x.chars != null ? ', ' + num(x.chars) + ' characters' : ''}${x.similarity_to_previous != null ? ', ' + pct(x.similarity_to_previous) + ' similar to its previous answer' : ''}${x.most_alike ? ', ' + pct(x.most_alike.similarity) + ' similar to ' + x.most_alike.label : ''}`), el('p', {}, x.opening), el('h3', {}, 'Votes'), votes.length ? votes.map(y => el('p', {}, el('b', {}, y.voter), y.counted ? '' : ' (replaced by a later vote)', ': ', y.reason)) : el('p', { class: 'soft' }, 'None.')));
  }
  v.append(F.attempts.length > 1 ? el('h3', {}, 'Attempt ' + a.attempt) : '', el('p', {}, Object.entries(a.vote_summary.counts).map(([k, m]) => `${k}: ${m}`).join(', ') + (a.vote_summary.tie ? ' — a tie' : a.vote_summary.unanimous ? ' — unanimous' : '')), a.answers.length ? cards : el('p', { class: 'soft' }, 'No answers were submitted.'));
}
const g = section('record', 'Gaps in the record');
table(g, 'Missing or incorrect in the logs', heads([{ t: 'Gap' }, { t: 'State' }, { t: 'Handling' }]), rows(a => a.gaps.map(x => [x.gap.replaceAll('_', ' '), x.state, x.note])));
if (F.diagnostics.length) { g.append(el('h3', {}, 'Unreadable')); table(g, 'Diagnostics', [{ t: 'Location' }, { t: 'Reason' }], F.diagnostics.map(d => [d.file + ':' + d.line, d.message])); }
const opened = []; addEventListener('beforeprint', () => document.querySelectorAll('details:not([open])').forEach(d => { d.open = true; opened.push(d); }));
addEventListener('afterprint', () => opened.splice(0).forEach(d => { d.open = false; }));
