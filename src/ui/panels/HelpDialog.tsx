import { Dialog } from '../controls/Dialog.tsx';

export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="What this page does" label="Help" onClose={onClose}>
      <p>
        A trained network is opened, and a few hundred unlabelled pictures are passed through it. From those forward passes alone, every channel gets a score: its <em>subset fidelity</em>, the share
        of the next layer’s output that it can rebuild by itself. Channels of low fidelity are cut, the weights of what is left are rescaled or refitted to make up for them, and the smaller network
        is measured on test images. No gradient is computed and nothing is uploaded.
      </p>
      <h3>Where to look</h3>
      <ul>
        <li>
          <b>Network.</b> One row for each group of channels that must leave together. A strip shows its channels from best to worst; hatched ones are cut. Click a channel, or press Space on it, to keep
          or cut it by hand; press Enter to look inside, where everything that must leave with it is lit up. A chosen row can be protected or given a width; “Layers” tells what its channels tie together.
        </li>
        <li>
          <b>Fidelity curve.</b> How much of the chosen layer the best k channels rebuild, by every search. Drag the handle to hold that layer at a width of your own. The HiFi set at η is marked by a
          bar over the strip; “All groups” shows every layer at a glance.
        </li>
        <li>
          <b>Theory.</b> Each claim of the paper, checked on this network at the press of a button.
        </li>
        <li>
          <b>Frontier.</b> Test accuracy against what is left. “Measure” runs whole methods in the background; “Methods” lists them all, to highlight or hide.
        </li>
        <li>
          <b>Prune.</b> The budget and the recipe. While the slider moves, the one-shot plan is measured; when you let go, layers are refitted one after another, each on inputs from the network pruned
          so far. Under “Rules”, widths become multiples of 8 or 16, and no group falls below a floor. Every plan stays in the history; “Layers” lists what becomes of each layer, and times it.
        </li>
        <li>
          <b>Forget a class.</b> Under “Prune”: choose a class, and a copy of the network no longer knows it, without a gradient step. What that costs the other classes, how much of it could be regained, and how other methods
          do stand beside it.
        </li>
        <li>
          <b>Text.</b> A language model, such as a folder in Hugging Face’s layout, is scored on windows of text; its components are MLP neurons and attention heads, and perplexity takes the place of accuracy. It writes on
          from your prompt before and after.
        </li>
      </ul>
      <h3>Keys</h3>
      <p>Tab goes from control to control. On a strip: ← → move, Home and End jump, Space keeps or cuts, Enter opens the channel.</p>
      <h3>Method</h3>
      <p>
        ModHiFi, NeurIPS 2025, arXiv 2511.19566. The recipe of the paper is <i>singleton</i>, <i>scale</i>, <i>sequential</i>; <i>least squares</i>{' '}
        refits the kept weights in closed form instead.
      </p>
    </Dialog>
  );
}
