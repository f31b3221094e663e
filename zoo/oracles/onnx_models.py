"""Oracle for ONNX import: python3 zoo/oracles/onnx_models.py  (PyTorch 1.13, onnx 1.12; seeded)

Small networks with random weights, one for each habit of exporters that src/formats/onnx.ts must
read, written by torch.onnx.export, with PyTorch's outputs for two random pictures beside them.
Writes src/formats/fixtures/onnx/<network>.onnx, <network>.<variant>.onnx and <network>.json: input and
outputs as {shape, values}, laid out as in PyTorch.
"""
import io
import json
import pathlib
import warnings

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import external_data_helper, helper, numpy_helper
from torch import nn

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "formats" / "fixtures" / "onnx"
warnings.filterwarnings("ignore")


def norm(channels):
    """A batch norm with statistics that are not those of a fresh one."""
    layer = nn.BatchNorm2d(channels)
    return stir(layer)


def stir(layer):
    with torch.no_grad():
        layer.running_mean.normal_(0, 0.3)
        layer.running_var.uniform_(0.5, 1.5)
        layer.weight.uniform_(0.5, 1.5)
        layer.bias.normal_(0, 0.3)
    return layer


def conv(inputs, outputs, k, **options):
    return nn.Sequential(nn.Conv2d(inputs, outputs, k, padding=k // 2, bias=False, **options), norm(outputs))


class Residual(nn.Module):
    """A stem, an identity block, a strided block with a projection, a linear head."""

    def __init__(self):
        super().__init__()
        self.stem = conv(3, 6, 3)
        self.a, self.b = conv(6, 5, 3), conv(5, 6, 3)
        self.c, self.d, self.shortcut = conv(6, 7, 3, stride=2), conv(7, 8, 3), conv(6, 8, 1, stride=2)
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        x = F.relu(self.stem(x))
        x = F.relu(x + self.b(F.relu(self.a(x))))
        x = F.relu(self.shortcut(x) + self.d(F.relu(self.c(x))))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class Inverted(nn.Module):
    """MobileNetV3: expansion, depthwise, squeeze-and-excite, projection; ReLU6 and hard-swish."""

    def __init__(self):
        super().__init__()
        self.stem = conv(3, 8, 3, stride=2)
        self.expand, self.depthwise, self.project = conv(8, 12, 1), conv(12, 12, 5, groups=12), conv(12, 8, 1)
        self.squeeze, self.excite = nn.Conv2d(12, 4, 1), nn.Conv2d(4, 12, 1)
        self.expand2, self.depthwise2, self.project2 = conv(8, 10, 1), conv(10, 20, 3, stride=2, groups=10), conv(20, 6, 1)
        self.head = nn.Sequential(nn.Linear(6, 9), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(9, 5))

    def forward(self, x):
        x = F.hardswish(self.stem(x))
        y = F.hardswish(self.depthwise(F.hardswish(self.expand(x))))
        y = y * F.hardsigmoid(self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(y, 1)))))
        x = x + self.project(y)
        x = self.project2(F.relu6(self.depthwise2(F.relu6(self.expand2(x)))))
        return self.head(x.mean([2, 3]))


class DenseBlock(nn.Module):
    """DenseNet: each layer reads all before it; a transition halves the picture."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.norms = nn.ModuleList([norm(6), norm(10), norm(14)])
        self.convs = nn.ModuleList([nn.Conv2d(6, 4, 3, padding=1), nn.Conv2d(10, 4, 3, padding=1), nn.Conv2d(14, 7, 1)])
        self.fc = nn.Linear(7, 3)

    def forward(self, x):
        features = [self.stem(x)]
        for layer, normalise in zip(self.convs[:2], self.norms[:2]):
            features.append(layer(F.relu(normalise(torch.cat(features, 1)))))
        x = F.avg_pool2d(self.convs[2](F.relu(self.norms[2](torch.cat(features, 1)))), 2)
        return F.softmax(self.fc(F.adaptive_max_pool2d(x, 1).flatten(1)), 1)


class Shuffle(nn.Module):
    """ShuffleNetV2: half of the channels passes by, the halves are shuffled; sizes asked of the tensor."""

    def __init__(self):
        super().__init__()
        self.stem = conv(3, 8, 3, stride=2)
        self.branch = nn.Sequential(conv(4, 4, 1), nn.ReLU(), conv(4, 4, 3, groups=4), conv(4, 4, 1), nn.ReLU())
        self.grouped = conv(8, 12, 3, groups=4)
        self.fc = nn.Linear(12, 4)

    def shuffle(self, x, groups):
        n, c, h, w = x.size()
        return x.view(n, groups, c // groups, h, w).transpose(1, 2).contiguous().view(n, -1, h, w)

    def forward(self, x):
        kept, worked = F.relu(self.stem(x)).chunk(2, 1)
        x = self.shuffle(torch.cat([kept, self.branch(worked)], 1), 2)
        x = self.shuffle(F.relu(self.grouped(x)), 3)
        return self.fc(x.mean([2, 3]))


class Classic(nn.Module):
    """VGG: pictures flattened channels first before linear layers, with sizes asked of the tensor."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(5, 4, 2), nn.Tanh())
        self.head = nn.Sequential(nn.Dropout(), nn.Linear(4 * 2 * 3, 10), stir(nn.BatchNorm1d(10)), nn.ReLU(), nn.Linear(10, 3))
        self.before = stir(nn.BatchNorm1d(24))

    def forward(self, x):
        x = self.features((x - 0.5) / 0.25)
        return self.head(self.before(x.view(x.size(0), -1)))


class ChannelsFirstNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.rand(channels) + 0.5), nn.Parameter(torch.randn(channels) * 0.3)

    def forward(self, x):
        mean = x.mean(1, keepdim=True)
        variance = (x - mean).pow(2).mean(1, keepdim=True)
        x = (x - mean) / torch.sqrt(variance + 1e-6)
        return self.weight[:, None, None] * x + self.bias[:, None, None]


class ConvNeXt(nn.Module):
    """Patchify stem, blocks whose norm and linear layers read channels last, a norm written out by hand."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm0 = nn.Conv2d(3, 8, 2, stride=2), nn.LayerNorm(8, eps=1e-6)
        self.depthwise = nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm1 = nn.LayerNorm(8, eps=1e-6)
        self.up, self.down = nn.Linear(8, 16), nn.Linear(16, 8)
        self.scale = nn.Parameter(torch.rand(8))
        self.norm2, self.reduce = ChannelsFirstNorm(8), nn.Conv2d(8, 6, 2, stride=2)
        self.norm3, self.fc = nn.LayerNorm(6, eps=1e-6), nn.Linear(6, 4)
        for layer in (self.norm0, self.norm1, self.norm3):
            with torch.no_grad():
                layer.weight.uniform_(0.5, 1.5)
                layer.bias.normal_(0, 0.3)

    def forward(self, x):
        x = self.norm0(self.stem(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        y = self.norm1(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.scale * self.down(F.gelu(self.up(y)))
        x = x + y.permute(0, 3, 1, 2)
        return self.fc(self.norm3(self.reduce(self.norm2(x)).mean([-2, -1])))


class UNet(nn.Module):
    """Two ways up: transposed convolutions and resizes of every kind; two outputs, pictures both."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.bottom = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.up1, self.up2 = nn.ConvTranspose2d(6, 5, 2, stride=2), nn.ConvTranspose2d(9, 4, 3, stride=2, padding=1, output_padding=1)
        self.merge, self.out = nn.Conv2d(11, 5, 3, padding=1), nn.Conv2d(8, 2, 1)

    def forward(self, x):
        a = F.relu(self.first(x))
        b = F.relu(self.second(F.max_pool2d(a, 2)))
        c = F.relu(self.bottom(F.max_pool2d(b, 2)))
        d = F.relu(self.merge(torch.cat([self.up1(c), b], 1)))
        e = torch.cat([d, F.interpolate(c, scale_factor=2, mode="nearest")[:, 1:5]], 1)
        up = self.up2(e)
        smooth = F.interpolate(d, size=(13, 11), mode="bilinear", align_corners=False)
        corners = F.interpolate(d, scale_factor=2, mode="bilinear", align_corners=True)
        return torch.sigmoid(self.out(torch.cat([a, up], 1))), torch.cat([smooth[:, :, 1:-2, 2:], corners[:, :, :10, :9]], 1)


class Pools(nn.Module):
    """Rounding up, borders that count and that do not, padding by hand, cropping by negative padding."""

    def forward(self, x):
        a = F.max_pool2d(x, 3, 2, ceil_mode=True)
        b = F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False)
        c = F.avg_pool2d(x, 3, 2, 1, count_include_pad=True)
        d = F.max_pool2d(F.pad(x, (1, 2, 0, 1)), (2, 3), (1, 2), (1, 0))
        e = F.max_pool2d(F.pad(x, (-1, 0, 2, -2)), 2, 2, ceil_mode=True)
        f = F.avg_pool2d(x, 2, 2, ceil_mode=True)
        return a, b, c, d, e, f


class Activations(nn.Module):
    """Every activation and norm that is left, over a dilated and a grouped convolution."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=2, dilation=2)
        self.prelu, self.shared = nn.PReLU(8), nn.PReLU()
        self.group, self.instance = nn.GroupNorm(2, 8), nn.InstanceNorm2d(8, affine=True)
        with torch.no_grad():
            self.prelu.weight.uniform_(0, 0.5)
            for layer in (self.group, self.instance):
                layer.weight.uniform_(0.5, 1.5)
                layer.bias.normal_(0, 0.3)
        self.grouped = nn.Conv2d(8, 8, 3, stride=2, groups=2)

    def forward(self, x):
        x = self.stem(x)
        x = F.leaky_relu(self.group(x), 0.2) - F.elu(self.instance(x), 0.7)
        x = self.prelu(x) * torch.tanh(x)
        x = F.silu(x) + self.shared(x) + F.selu(x) + F.softplus(x) * 0.5
        x = self.grouped(F.gelu(x)) + 2
        return F.softmax(F.gelu(x, approximate="tanh"), 1), torch.sigmoid(x).pow(2) - 1


class Heads(nn.Module):
    """SSD: boxes and classes of two scales, laid out by position and joined."""

    def __init__(self):
        super().__init__()
        self.stem, self.next = nn.Conv2d(3, 6, 3, padding=1, stride=2), nn.Conv2d(6, 8, 3, padding=1, stride=2)
        self.boxes = nn.ModuleList([nn.Conv2d(6, 2 * 4, 3, padding=1), nn.Conv2d(8, 3 * 4, 3, padding=1)])
        self.classes = nn.ModuleList([nn.Conv2d(6, 2 * 5, 3, padding=1), nn.Conv2d(8, 3 * 5, 3, padding=1)])

    def forward(self, x):
        a = F.relu(self.stem(x))
        maps = [a, F.relu(self.next(a))]
        flat = lambda y, k: y.permute(0, 2, 3, 1).reshape(y.shape[0], -1, k)
        boxes = torch.cat([flat(head(y), 4) for head, y in zip(self.boxes, maps)], 1)
        classes = torch.cat([flat(head(y), 5) for head, y in zip(self.classes, maps)], 1)
        return boxes, F.softmax(classes, 2)


class ChannelsLast(nn.Module):
    """As converters from TensorFlow write: the picture comes and goes channels last; constants normalise it."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 6, 3, padding=1, stride=2), nn.Conv2d(6, 5, 1)
        self.register_buffer("mean", torch.tensor([0.5, 0.4, 0.3]))
        self.register_buffer("scale", torch.tensor([2.0, 3.0, 4.0]))

    def forward(self, x):
        x = F.relu(self.a(((x - self.mean) * self.scale).permute(0, 3, 1, 2)))
        return F.relu(self.b(x)).permute(0, 2, 3, 1)


class Flattened(nn.Module):
    """Pictures flattened where their order shows: as an output, joined, and turned back into a picture."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 4, 3, stride=3), nn.Conv2d(3, 2, 4, stride=2), nn.Conv2d(2, 3, 1)
        self.fc, self.tokens = nn.Linear(24 + 24, 5), nn.Linear(4, 6)

    def forward(self, x):
        a, b = self.a(x), self.b(x)
        flat = a.flatten(1)
        tokens = self.tokens(a.flatten(2).transpose(1, 2))
        back = self.c(flat.view(-1, 2, 3, 4))
        return flat, self.fc(torch.cat([flat, b.flatten(1)], 1)), tokens.mean(1), back


def export(name, model, shape, opset, dynamic=True, preserve=True, **options):
    torch.manual_seed(sum(map(ord, name)))
    model = model()
    model.eval()
    x = torch.randn(2, *shape)
    buffer = io.BytesIO()
    axes = {"picture": {0: "N"}} if dynamic else None
    torch.onnx.export(
        model, x, buffer, opset_version=opset, input_names=["picture"], dynamic_axes=axes,
        training=torch.onnx.TrainingMode.PRESERVE if preserve else torch.onnx.TrainingMode.EVAL,
        do_constant_folding=options.pop("fold", True), **options)
    with torch.no_grad():
        result = model(x)
    return onnx.load_from_string(buffer.getvalue()), x, result if isinstance(result, tuple) else (result,)


def plain(tensor):
    return {"shape": list(tensor.shape), "values": [float(f"{value:.7g}") for value in tensor.flatten().tolist()]}


def write(name, model, x, outputs):
    """A name is the network's, and after a dot that of another way to write the same one."""
    (OUT / f"{name}.onnx").write_bytes(model.SerializeToString())
    onnx.checker.check_model(str(OUT / f"{name}.onnx"))
    text = json.dumps({"input": plain(x), "outputs": [plain(y) for y in outputs]}, separators=(",", ":")) + "\n"
    path = OUT / f"{name.split('.')[0]}.json"
    if "." in name:
        assert path.read_text() == text
    path.write_text(text)


def rounded_to_half(model):
    """The same class with every weight a float16 number."""
    def build():
        built = model()
        with torch.no_grad():
            for value in built.state_dict().values():
                if value.is_floating_point():
                    value.copy_(value.half().float())
        return built
    return build


def to_half(model):
    """All floats of the graph as float16; the weights must be float16 numbers already."""
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name))
    for info in [*model.graph.input, *model.graph.output]:
        info.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    del model.graph.value_info[:]


def to_typed_fields(model):
    """Weights in float_data and double_data instead of raw bytes."""
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            tensor.CopyFrom(helper.make_tensor(tensor.name, onnx.TensorProto.FLOAT, values.shape, values.flatten().tolist()))


def to_external(model, location):
    """Weights in a file of their own."""
    external_data_helper.convert_model_to_external_data(model, location=location, size_threshold=0)
    (OUT / location).unlink(missing_ok=True)
    external_data_helper.write_external_data_tensors(model, str(OUT))


OUT.mkdir(parents=True, exist_ok=True)
write("residual", *export("residual", Residual, (3, 8, 8), 13))
write("residual.folded", *export("residual", Residual, (3, 8, 8), 16, dynamic=False, preserve=False))
write("residual.inputs", *export("residual", Residual, (3, 8, 8), 13, keep_initializers_as_inputs=True))
write("inverted", *export("inverted", Inverted, (3, 9, 8), 14))
write("inverted.opset9", *export("inverted", Inverted, (3, 9, 8), 9))
write("dense-block", *export("dense-block", DenseBlock, (3, 8, 6), 13))
write("dense-block.opset11", *export("dense-block", DenseBlock, (3, 8, 6), 11, dynamic=False))
write("shuffle", *export("shuffle", Shuffle, (3, 8, 8), 13))
write("shuffle.fixed", *export("shuffle", Shuffle, (3, 8, 8), 15, dynamic=False, fold=False))
write("classic", *export("classic", Classic, (3, 8, 10), 13))
write("classic.fixed", *export("classic", Classic, (3, 8, 10), 12, dynamic=False))
write("convnext", *export("convnext", ConvNeXt, (3, 12, 8), 13))
write("convnext.opset17", *export("convnext", ConvNeXt, (3, 12, 8), 17))
write("unet", *export("unet", UNet, (3, 16, 12), 13))
write("unet.opset11", *export("unet", UNet, (3, 16, 12), 11))
write("pools", *export("pools", Pools, (3, 9, 8), 13))
write("activations", *export("activations", Activations, (3, 8, 8), 13))
write("heads", *export("heads", Heads, (3, 8, 8), 13))
write("channels-last", *export("channels-last", ChannelsLast, (8, 6, 3), 13))
write("flattened", *export("flattened", Flattened, (3, 8, 10), 13))

half, x, outputs = export("half", rounded_to_half(Residual), (3, 8, 8), 13)
to_half(half)
write("half", half, x, outputs)
typed, x, outputs = export("classic", Classic, (3, 8, 10), 13)
to_typed_fields(typed)
write("classic.typed-fields", typed, x, outputs)
external, x, outputs = export("residual", Residual, (3, 8, 8), 13)
to_external(external, "external.bin")
write("residual.external", external, x, outputs)
print(f"{sum(path.stat().st_size for path in OUT.iterdir()) / 1000:.0f} kB in {len(list(OUT.iterdir()))} files")
