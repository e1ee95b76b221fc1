"use strict";
const { replays, charts } = JSON.parse(document.getElementById("data").textContent);
const PACE = 600; // milliseconds between two positions while a replay plays

function make(name, style, text) {
  const made = document.createElement(name);
  if (style) made.className = style;
  if (text !== undefined) made.textContent = text;
  return made;
}

// Charts: the pointer reads the values of all curves at a step.
function short(steps) {
  for (const [size, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (steps >= size) return `${Number((steps / size).toPrecision(3))}${letter}`;
  }
  return String(steps);
}

document.querySelectorAll("figure").forEach((figure, place) => {
  const curves = charts[place];
  const values = figure.querySelectorAll(".key b");
  const at = figure.querySelector(".at");
  const show = (step) => {
    curves.forEach((points, number) => {
      let nearest = points[0];
      for (const point of points) if (Math.abs(point[0] - step) < Math.abs(nearest[0] - step)) nearest = point;
      values[number].textContent = nearest[1];
    });
    at.textContent = step === Infinity ? "" : `at ${short(step)} steps`;
  };
  const last = () => curves.forEach((points, number) => { values[number].textContent = points[points.length - 1][1]; });
  figure.querySelectorAll("svg").forEach((picture) => {
    const { left, right, steps } = picture.dataset;
    const cursor = picture.querySelector(".cursor");
    picture.addEventListener("pointermove", (event) => {
      const box = picture.getBoundingClientRect();
      const share = ((event.clientX - box.left) / box.width - left) / (right - left);
      const all = curves.flat().map((point) => point[0]);
      const wanted = Math.max(0, Math.min(1, share)) * steps;
      const step = all.reduce((best, each) => (Math.abs(each - wanted) < Math.abs(best - wanted) ? each : best));
      const x = picture.viewBox.baseVal.width * (Number(left) + (right - left) * step / steps);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      cursor.style.visibility = "visible";
      show(step);
    });
    picture.addEventListener("pointerleave", () => {
      cursor.style.visibility = "hidden";
      at.textContent = "";
      last();
    });
  });
  last();
});

// Replays.
const viewer = document.getElementById("viewer");
if (viewer) {
  const find = (selector) => viewer.querySelector(selector);
  const board = find(".board"), moves = find(".moves"), slider = find("input"), seats = find(".seats");
  const listed = document.querySelectorAll("[data-replay]");
  let current = 0, ply = 0, timer = null;

  const last = () => Math.max(0, replays[current].frames.length - 1);

  function line(runs, changed) {
    const row = make("div");
    let column = 0;
    for (const [part, text] of runs) {
      for (const character of text) {
        const lit = changed.has(column);
        if (!part && !lit && character.charCodeAt(0) < 128) {
          row.append(character);
        } else {
          const stone = "●○".includes(character) && part;
          const big = (part === "first" || part === "second") && !stone;
          const glyph = make("span", `glyph ${part}${lit ? " changed" : ""}${stone ? " stone" : big ? " big" : ""}`);
          glyph.textContent = stone ? " " : character;
          row.append(glyph);
        }
        column += 1;
      }
    }
    if (!column) row.append(" ");
    return row;
  }

  function draw() {
    const replay = replays[current];
    const frame = replay.frames[ply];
    if (!frame) {
      board.replaceChildren(make("p", "quiet", replay.problem));
      moves.replaceChildren(make("span", "", replay.outcome));
      return;
    }
    if (frame.picture >= 0) {
      const picture = make("img");
      picture.src = replay.pictures[frame.picture];
      picture.alt = `Position ${ply}`;
      board.replaceChildren(picture);
    } else {
      const position = make("div", "position");
      frame.lines.forEach((place, row) => {
        const changed = new Set(frame.changed.filter((each) => each[0] === row).map((each) => each[1]));
        position.append(line(replay.lines[place], changed));
      });
      board.replaceChildren(position);
      fit(position, replay);
    }
    board.setAttribute("aria-label", frame.lines.map((place) => replay.lines[place].map((run) => run[1]).join("")).join("\n") || "The position");
    moves.replaceChildren(make("span", "", `${ply}/${last()}  ${frame.moves}`));
    if (ply === last()) moves.append(make("b", "", replay.outcome));
    slider.value = ply;
    slider.setAttribute("aria-valuetext", `position ${ply} of ${last()}`);
    [...seats.children].forEach((seat, number) => seat.classList.toggle("acting", frame.acting.includes(number)));
  }

  function fit(position, replay) {
    const widest = Math.max(...replay.lines.map((runs) => runs.reduce((sum, run) => sum + [...run[1]].length, 0)));
    const size = Math.min(30, (board.clientWidth - 24) / (widest * 0.61));
    position.style.fontSize = `${Math.max(9, size)}px`;
  }

  function open(number) {
    pause();
    current = (number + replays.length) % replays.length;
    const replay = replays[current];
    ply = last();
    find(".about").textContent = replay.about;
    seats.replaceChildren(...replay.seats.map(({ mark, part, name, agent, result }) => {
      const kind = "●○".includes(mark) ? "stone" : part.startsWith("seat") ? "number" : "";
      const shown = make("span", "seat name");
      shown.append(make("span", `mark ${part} ${kind}`, kind === "stone" ? "" : mark), make("span", "who", name));
      shown.append(make("small", "", `${agent}, ${result}`));
      return shown;
    }));
    slider.max = last();
    listed.forEach((button, place) => button.setAttribute("aria-current", place === current));
    draw();
  }

  function go(to) {
    ply = Math.max(0, Math.min(to, last()));
    draw();
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    viewer.classList.remove("playing");
  }

  function play() {
    if (timer) return pause();
    if (ply === last()) go(0);
    if (ply === last()) return undefined;
    viewer.classList.add("playing");
    timer = setInterval(() => {
      go(ply + 1);
      if (ply === last()) pause();
    }, PACE);
    return undefined;
  }

  const actions = {
    first: () => { pause(); go(0); },
    back: () => { pause(); go(ply - 1); },
    play,
    on: () => { pause(); go(ply + 1); },
    last: () => { pause(); go(last()); },
    next: () => open(current + 1),
    previous: () => open(current - 1),
  };
  const keys = {
    ArrowLeft: "back", ArrowRight: "on", Home: "first", End: "last", " ": "play", n: "next", p: "previous",
  };

  viewer.addEventListener("keydown", (event) => {
    const action = keys[event.key];
    if (!action || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === " " && event.target.tagName === "BUTTON") return; // the button does what it says
    event.preventDefault();
    actions[action]();
  });
  viewer.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) actions[button.dataset.do]();
  });
  slider.addEventListener("input", () => { pause(); go(Number(slider.value)); });
  listed.forEach((button, place) => button.addEventListener("click", () => { open(place); viewer.focus({ preventScroll: true }); }));
  addEventListener("resize", draw);
  open(0);
}
