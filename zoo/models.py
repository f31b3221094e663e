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

    def __init__(self, name, inputs, outputs, kernel=3, stride=1):
        super().__init__()
        self.name, self.kernel, self.stride = name, kernel, stride
        same = (kernel - 1) // 2 if stride == 1 else 0
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=same, bias=False)
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


MODELS = {"resnet20-cifar10": ResNet20, "vgg-cifar10": Vgg}
