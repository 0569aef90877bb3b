"use strict";

const OUTPUTS = {
  original: ["Original", "the photo as it is"],
  same: ["Same", "towards the face's own gender"],
  neutral: ["Neutral", "towards the mean of all faces"],
  opposite: ["Opposite", "towards the other gender"],
};
const WAIT_MS = 250; // after a change of the options, before the photo is sent again
const byId = (id) => document.getElementById(id);

let photo = null; // File or Blob
let original = null; // URL of the photo
let request = null; // AbortController of the request under way
let timer = 0;

function show(id, text) {
  byId(id).textContent = text;
  byId(id).hidden = !text;
}

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text || "";
  if (className) made.className = className;
  return made;
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/** The bar goes from the middle to the side that the classifier takes. */
function bar(male) {
  const filled = element("i", "", male < 0.5 ? "female" : "male");
  filled.style.width = `${Math.abs(male - 0.5) * 100}%`;
  const whole = element("div", "", "bar");
  whole.setAttribute("aria-hidden", "true");
  whole.append(filled);
  return whole;
}

function readingsOf(faces) {
  const all = document.createDocumentFragment();
  faces.forEach((face, i) => {
    if (faces.length > 1) all.append(element("h2", `Face ${i + 1}`));
    const list = document.createElement("dl");
    for (const [name, male] of Object.entries(face.male)) {
      const value = element("dd", male < 0.5 ? `female, ${percent(1 - male)}` : `male, ${percent(male)}`);
      value.append(bar(male));
      list.append(element("dt", name), value);
    }
    for (const [name, match] of Object.entries(face.match || {})) {
      const person = { true: "same person, ", false: "another person, " }[match.same_person] || "";
      list.append(element("dt", `${name} (matcher)`), element("dd", `${person}score ${match.score.toFixed(2)}`));
    }
    all.append(list);
  });
  return all;
}

/** Numbers on the faces, where there are several. */
function numbersOf(answer) {
  if (answer.faces.length < 2) return [];
  return answer.faces.map((face, i) => {
    const number = element("b", `${i + 1}`);
    number.style.left = `${Math.max(0, face.x / answer.width) * 100}%`;
    number.style.top = `${Math.max(0, face.y / answer.height) * 100}%`;
    return number;
  });
}

function showResults(answer) {
  const figures = Object.entries(OUTPUTS).map(([key, [title, meaning]]) => {
    const figure = byId("result").content.cloneNode(true);
    const result = key === "original" ? { image: original, ...answer.original } : answer.outputs[key];
    figure.querySelector("figure").id = key;
    figure.querySelector("strong").textContent = title;
    figure.querySelector("figcaption span").textContent = meaning;
    figure.querySelector("img").src = result.image;
    figure.querySelector("img").alt = `${title}: ${meaning}`;
    figure.querySelector(".picture").append(...numbersOf(answer));
    figure.querySelector(".readings").append(readingsOf(result.readings));
    if (key !== "original") {
      const link = figure.querySelector("a");
      const name = (photo.name || "photo").replace(/\.[^.]*$/, "");
      link.href = result.image;
      link.download = `${name}-${key}.${/^data:image\/(\w+)/.exec(result.image)[1].replace("jpeg", "jpg")}`;
      link.setAttribute("aria-label", `Download: ${title}`);
      link.hidden = false;
    }
    return figure;
  });
  byId("results").replaceChildren(...figures);
  byId("results").hidden = byId("explanation").hidden = false;
  byId("matcher-explanation").hidden = !Object.keys(answer.outputs.same.readings[0].match || {}).length;
}

async function protect() {
  if (!photo) return;
  if (request) request.abort();
  const own = (request = new AbortController());
  const query = new URLSearchParams({ strength: byId("strength").value });
  for (const prototype of Object.keys(OUTPUTS)) if (prototype !== "original") query.append("prototype", prototype);
  if (byId("label").value) query.set("label", byId("label").value);
  show("error", "");
  byId("status").textContent = "The faces are being changed …";
  byId("results").setAttribute("aria-busy", "true");
  let problem = "";
  try {
    const response = await fetch(`perturb?${query}`, {
      method: "POST", body: photo, signal: own.signal, headers: { Accept: "application/json", "Content-Type": "application/octet-stream" },
    });
    const answer = await response.json();
    if (own !== request) return;
    if (response.ok) {
      showResults(answer);
      byId("status").textContent = answer.faces.length === 1 ? "1 face found." : `${answer.faces.length} faces found. A face without a number was not found and stays as it is.`;
    } else {
      problem = answer.error;
    }
  } catch (error) {
    if (own !== request) return;
    problem = "The server does not answer. Is it still running?";
  }
  byId("results").setAttribute("aria-busy", "false");
  if (problem) {
    byId("status").textContent = "";
    byId("results").hidden = byId("explanation").hidden = true;
    show("error", problem);
  }
}

function take(file) {
  if (!file) return;
  photo = file;
  if (original) URL.revokeObjectURL(original);
  original = URL.createObjectURL(file);
  protect();
}

function changed() {
  byId("strength-value").textContent = byId("strength").value;
  clearTimeout(timer);
  timer = setTimeout(protect, WAIT_MS);
}

const drop = byId("drop"), file = byId("file");
file.addEventListener("change", () => { take(file.files[0]); file.value = ""; });
file.addEventListener("focus", () => drop.classList.add("focus"));
file.addEventListener("blur", () => drop.classList.remove("focus"));
for (const name of ["dragenter", "dragover"])
  document.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const name of ["dragleave", "drop"])
  document.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("over"); });
document.addEventListener("drop", (event) => take(event.dataTransfer.files[0]));
document.addEventListener("paste", (event) => take(event.clipboardData.files[0]));
byId("strength").addEventListener("input", changed);
byId("label").addEventListener("change", changed);
byId("sample").addEventListener("click", async () => {
  const response = await fetch("sample.jpg");
  if (response.ok) take(new File([await response.blob()], "sample.jpg"));
  else show("error", "The sample portrait is not installed with this page.");
});
