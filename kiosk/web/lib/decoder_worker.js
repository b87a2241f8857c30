/**
 * Finds a QR code in one picture at a time, away from the page's thread. A classic Worker: import maps do not
 * reach Workers, so the page tells the decoder's address.
 */

/** @type {any} */
const worker = self;

const OPTIONS = {
  formats: ["QRCode"],
  tryInvert: true,
  tryDownscale: true,
  tryRotate: true,
  tryHarder: true,
  maxNumberOfSymbols: 1,
};
/** @type {OffscreenCanvasRenderingContext2D | null} */
let paper = null;

/** @param {{reader: string, wasm: string}} addresses */
function prepare({ reader, wasm }) {
  worker.importScripts(reader);
  return worker.ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
}

/** @param {ImageBitmap} picture @returns {Promise<string | null>} */
async function decode(picture) {
  if (!paper || paper.canvas.width !== picture.width || paper.canvas.height !== picture.height) {
    paper = new OffscreenCanvas(picture.width, picture.height).getContext("2d", { willReadFrequently: true });
  }
  if (!paper) return null;
  paper.drawImage(picture, 0, 0);
  picture.close();
  const { width, height } = paper.canvas;
  const [found] = await worker.ZXingWASM.readBarcodes(paper.getImageData(0, 0, width, height), OPTIONS);
  return found?.isValid ? found.text : null;
}

worker.onmessage = async (/** @type {MessageEvent} */ { data }) => {
  try {
    if (data.addresses) {
      await prepare(data.addresses);
      worker.postMessage({ ready: true });
    } else {
      worker.postMessage({ text: await decode(data.picture) });
    }
  } catch (error) {
    worker.postMessage({ broken: String(error) });
  }
};
