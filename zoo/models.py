"""The zoo's networks in PyTorch, laid out so that they export to Keras-style layers one to one.

Strided 3 x 3 convolutions pad only at the bottom and right, as TensorFlow's `same` does on
even sizes. Pixels enter as 0-255 and are normalised by `pixel / 64 - 1.875`, both exact in
float32, inside the graph.
"""
import torch
from torch import nn
import torch.nn.functional as F

SCALE, OFFSET = 1 / 64, -1.875


class ConvNorm(nn.Module):
    """Convolution without bias, then batch norm. `name` is the layer's name in model.json."""

    def __init__(self, name, inputs, outputs, kernel=3, stride=1, depthwise=False):
        super().__init__()
        self.name, self.kernel, self.stride, self.depthwise = name, kernel, stride, depthwise
        same = (kernel - 1) // 2 if stride == 1 else 0
        groups = inputs if depthwise else 1
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=same, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        if self.stride == 2 and self.kernel == 3:
            x = F.pad(x, (0, 1, 0, 1))
        return self.norm(self.conv(x))


class Block(nn.Module):
    """Two 3 x 3 convolutions and a shortcut, projected by 1 x 1 where the shape changes."""

    def __init__(self, name, inputs, outputs, stride):
        super().__init__()
        self.name = name
        self.first = ConvNorm(f"{name}_conv1", inputs, outputs, 3, stride)
        self.second = ConvNorm(f"{name}_conv2", outputs, outputs)
        changes = stride != 1 or inputs != outputs
        self.shortcut = ConvNorm(f"{name}_shortcut", inputs, outputs, 1, stride) if changes else None

    def forward(self, x):
        y = self.second(F.relu(self.first(x)))
        return F.relu(y + (self.shortcut(x) if self.shortcut else x))


class ResNet20(nn.Module):
    """He et al. 2016, section 4.2, with projection shortcuts: stages of 16, 32 and 64 channels."""

    def __init__(self):
        super().__init__()
        self.stem = ConvNorm("stem_conv", 3, 16)
        blocks, inputs = [], 16
        for stage, width in enumerate((16, 32, 64), start=1):
            for block in range(1, 4):
                stride = 2 if stage > 1 and block == 1 else 1
                blocks.append(Block(f"stage{stage}_block{block}", inputs, width, stride))
                inputs = width
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.stem(x * SCALE + OFFSET))
        return self.head(self.blocks(x).mean((2, 3)))


class Vgg(nn.Module):
    """A plain stack of conv-norm-relu pairs with max pooling between; no residuals."""

    WIDTHS = ((48, 48), (96, 96), (192, 192))

    def __init__(self):
        super().__init__()
        self.stages, inputs = nn.ModuleList(), 3
        for stage, widths in enumerate(self.WIDTHS, start=1):
            convs = nn.ModuleList()
            for i, width in enumerate(widths, start=1):
                convs.append(ConvNorm(f"stage{stage}_conv{i}", inputs, width))
                inputs = width
            self.stages.append(convs)
        self.head = nn.Linear(inputs, 10)

    def forward(self, x):
        x = x * SCALE + OFFSET
        for i, convs in enumerate(self.stages):
            if i > 0:
                x = F.max_pool2d(x, 2)
            for conv in convs:
                x = F.relu(conv(x))
        return self.head(x.mean((2, 3)))


class Relu6(torch.autograd.Function):
    """min(max(x, 0), 6), with a gradient that also exists in bfloat16 on the CPU."""

    @staticmethod
    def forward(ctx, x):
        y = x.clamp(0, 6)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, gradient):
        (y,) = ctx.saved_tensors
        above_zero = torch.ops.aten.threshold_backward(gradient, y, 0)
        return torch.ops.aten.threshold_backward(above_zero, 6 - y, 0)


relu6 = Relu6.apply


class InvertedResidual(nn.Module):
    """1 x 1 expansion, 3 x 3 depthwise and linear 1 x 1 projection; a shortcut where shapes agree."""

    def __init__(self, name, inputs, outputs, expansion, stride):
        super().__init__()
        self.name, hidden = name, inputs * expansion
        self.expand = ConvNorm(f"{name}_expand", inputs, hidden, 1) if expansion > 1 else None
        self.depthwise = ConvNorm(f"{name}_depthwise", hidden, hidden, 3, stride, depthwise=True)
        self.project = ConvNorm(f"{name}_project", hidden, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        y = relu6(self.expand(x)) if self.expand else x
        y = self.project(relu6(self.depthwise(y)))
        return x + y if self.residual else y


class MobileNetV2(nn.Module):
    """Sandler et al. 2018, narrowed for 32 x 32 pixels: (expansion, width, blocks, stride) a stage."""

    STEM, HEAD = 24, 384
    STAGES = ((1, 16, 1, 1), (4, 32, 3, 2), (4, 64, 4, 2), (6, 96, 3, 1))

    def __init__(self):
        super().__init__()
        self.stem = ConvNorm("stem_conv", 3, self.STEM)
        blocks, inputs = [], self.STEM
        for stage, (expansion, width, count, stride) in enumerate(self.STAGES, start=1):
            for block in range(1, count + 1):
                name = f"stage{stage}_block{block}"
                blocks.append(InvertedResidual(name, inputs, width, expansion, stride if block == 1 else 1))
                inputs = width
        self.blocks = nn.Sequential(*blocks)
        self.last = ConvNorm("last_conv", inputs, self.HEAD, 1)
        self.head = nn.Linear(self.HEAD, 10)

    def forward(self, x):
        x = relu6(self.stem(x * SCALE + OFFSET))
        return self.head(relu6(self.last(self.blocks(x))).mean((2, 3)))


MODELS = {"resnet20-cifar10": ResNet20, "vgg-cifar10": Vgg, "mobilenetv2-cifar10": MobileNetV2}
