// A signature on the screen: what is drawn becomes a PNG in the form's hidden field.
const pad = document.querySelector("canvas.pad");
if (pad) {
  const field = document.querySelector("[name=signature]");
  const method = document.querySelector("[name=method]");
  const pen = pad.getContext("2d");
  let drawing = false;
  const blank = () => {
    pad.width = pad.clientWidth;
    pad.height = pad.clientHeight;
    pen.lineWidth = 2.2;
    pen.lineCap = "round";
  };
  const at = (e) => {
    const r = pad.getBoundingClientRect();
    return [e.clientX - r.left, e.clientY - r.top];
  };
  blank();
  if (field.value) {
    const drawn = new Image();
    drawn.onload = () => pen.drawImage(drawn, 0, 0);
    drawn.src = field.value;
  }
  pad.addEventListener("pointerdown", (e) => {
    drawing = true;
    pad.setPointerCapture(e.pointerId);
    pen.beginPath();
    pen.moveTo(...at(e));
  });
  pad.addEventListener("pointermove", (e) => {
    if (!drawing) return;
    pen.lineTo(...at(e));
    pen.stroke();
  });
  pad.addEventListener("pointerup", () => {
    drawing = false;
    field.value = pad.toDataURL("image/png");
    method.value = "screen";
  });
  document.querySelector("button.wipe").addEventListener("click", () => {
    blank();
    field.value = "";
  });
}
