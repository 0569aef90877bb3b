#!/usr/bin/env python3
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Writes the small ONNX files of the module's tests. Their outputs have a closed form, which the tests repeat.

Needs python3-onnx. Run it in this folder: /usr/bin/python3 make_networks.py
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 224  # of the canonical crop

# Generators: output = sigmoid(FACE x + FACE_BIAS + SAME . P_same + TARGET . P_target), the prototypes R, G, B.
FACE, FACE_BIAS = 4.0, -2.0
SAME = [0.5, -0.25, 0.125]
TARGET = [1.0, -0.5, 0.25]
# Classifiers: probability = sigmoid(CONTRAST (mean of the face - 1/2)), or of minus that.
CONTRAST = 20.0
# Networks that answer NaN from some brightness on: the root of LIMIT less the brightness, 0..1 or 0..255.
LIMIT, LIMIT_8U = 0.6, 200.0
# Descriptor: means of CELL x CELL squares of each channel.
DESCRIPTOR_SIDE, CELL = 32, 16


def constant(name, values):
    return numpy_helper.from_array(np.asarray(values, dtype=np.float32), name)


def pointwise(source, weights, bias, name):
    """A 1x1 convolution to one channel: its node and its constants."""
    parameters = [constant(name + "_w", np.reshape(weights, (1, -1, 1, 1))), constant(name + "_b", [bias])]
    return helper.make_node("Conv", [source] + [p.name for p in parameters], [name], name,
                            kernel_shape=[1, 1]), parameters


def write(filename, nodes, inputs, outputs, constants):
    def values(shapes):
        return [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]

    graph = helper.make_graph(nodes, filename, values(inputs), values(outputs), constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], producer_name="sanprivacy tests")
    model.ir_version = 6
    onnx.checker.check_model(model)
    onnx.save(model, filename + ".onnx")


def generator(filename, same, targets, outputs):
    """A generator with a face, possibly a same-label prototype, and one output per target prototype."""
    nodes, constants = [], []

    def add(node, parameters):
        nodes.append(node)
        constants.extend(parameters)

    add(*pointwise("image", [FACE], FACE_BIAS, "encoded"))
    decoded = "encoded"
    if same:
        add(*pointwise(same, SAME, 0, "same_term"))
        add(helper.make_node("Add", ["encoded", "same_term"], ["decoded"], "decoded"), [])
        decoded = "decoded"
    for target, output in zip(targets, outputs):
        add(*pointwise(target, TARGET, 0, output + "_term"))
        add(helper.make_node("Add", [decoded, output + "_term"], [output + "_logit"], output + "_logit"), [])
        add(helper.make_node("Sigmoid", [output + "_logit"], [output], output), [])

    prototypes = {name: ["N", 3, SIDE, SIDE] for name in [same] + targets if name}
    write(filename, nodes, {"image": ["N", 1, SIDE, SIDE], **prototypes},
          {output: ["N", 1, SIDE, SIDE] for output in outputs}, constants)


def classifier(filename, contrast):
    node, constants = pointwise("image", [contrast], -contrast / 2, "contrast")
    nodes = [node, helper.make_node("GlobalAveragePool", ["contrast"], ["mean"], "mean"),
             helper.make_node("Flatten", ["mean"], ["logit"], "logit"),
             helper.make_node("Sigmoid", ["logit"], ["probability"], "probability")]
    write(filename, nodes, {"image": ["N", 1, SIDE, SIDE]}, {"probability": ["N", 1]}, constants)


def classifier_nan():
    node, constants = pointwise("image", [-1], LIMIT, "darkness")
    nodes = [node, helper.make_node("GlobalAveragePool", ["darkness"], ["mean"], "mean"),
             helper.make_node("Flatten", ["mean"], ["square"], "square"),
             helper.make_node("Sqrt", ["square"], ["probability"], "probability")]
    write("classifier_nan", nodes, {"image": ["N", 1, SIDE, SIDE]}, {"probability": ["N", 1]}, constants)


def generator_nan():
    face, constants = pointwise("image", [-1], LIMIT, "darkness")
    target, more = pointwise("target_proto", [0.01, 0.01, 0.01], 0, "target_term")
    nodes = [face, target, helper.make_node("Add", ["darkness", "target_term"], ["square"], "square"),
             helper.make_node("Sqrt", ["square"], ["perturbed"], "perturbed")]
    write("generator_nan", nodes, {"image": ["N", 1, SIDE, SIDE], "target_proto": ["N", 3, SIDE, SIDE]},
          {"perturbed": ["N", 1, SIDE, SIDE]}, constants + more)


def generator_beyond():
    """Makes faces half as bright again, which takes bright ones beyond 1."""
    face, constants = pointwise("image", [1.5], 0, "brighter")
    target, more = pointwise("target_proto", [0.01, 0.01, 0.01], 0, "target_term")
    nodes = [face, target, helper.make_node("Add", ["brighter", "target_term"], ["perturbed"], "perturbed")]
    write("generator_beyond", nodes, {"image": ["N", 1, SIDE, SIDE], "target_proto": ["N", 3, SIDE, SIDE]},
          {"perturbed": ["N", 1, SIDE, SIDE]}, constants + more)


def descriptor_nan():
    weights = constant("darkness_w", np.reshape(-np.eye(3), (3, 3, 1, 1)))
    bias = constant("darkness_b", [LIMIT_8U] * 3)
    nodes = [helper.make_node("Conv", ["data", "darkness_w", "darkness_b"], ["darkness"], "darkness",
                              kernel_shape=[1, 1]),
             helper.make_node("GlobalAveragePool", ["darkness"], ["mean"], "mean"),
             helper.make_node("Flatten", ["mean"], ["square"], "square"),
             helper.make_node("Sqrt", ["square"], ["descriptor"], "descriptor")]
    write("descriptor_nan", nodes, {"data": ["N", 3, DESCRIPTOR_SIDE, DESCRIPTOR_SIDE]}, {"descriptor": ["N", 3]},
          [weights, bias])


def descriptor(filename, reshape):
    """reshape: the shape that the last node gives the output. One with a fixed batch makes a network for single
    faces."""
    size = 3 * (DESCRIPTOR_SIDE // CELL) ** 2
    shape = numpy_helper.from_array(np.asarray(reshape, dtype=np.int64), "shape")
    nodes = [helper.make_node("AveragePool", ["data"], ["cells"], "cells", kernel_shape=[CELL, CELL],
                              strides=[CELL, CELL]),
             helper.make_node("Reshape", ["cells", "shape"], ["descriptor"], "descriptor")]
    batch = "N" if reshape[0] == 0 else reshape[0]
    write(filename, nodes, {"data": [batch, 3, DESCRIPTOR_SIDE, DESCRIPTOR_SIDE]}, {"descriptor": [batch, size]},
          [shape])


def descriptor_two():
    """Two outputs, of which a description has to name one."""
    nodes = [helper.make_node("AveragePool", ["data"], ["cells"], "cells", kernel_shape=[CELL, CELL],
                              strides=[CELL, CELL]),
             helper.make_node("Flatten", ["cells"], ["descriptor"], "descriptor"),
             helper.make_node("GlobalAveragePool", ["data"], ["pooled"], "pooled"),
             helper.make_node("Flatten", ["pooled"], ["mean"], "mean")]
    write("descriptor_two", nodes, {"data": ["N", 3, DESCRIPTOR_SIDE, DESCRIPTOR_SIDE]},
          {"descriptor": ["N", 3 * (DESCRIPTOR_SIDE // CELL) ** 2], "mean": ["N", 3]}, [])


if __name__ == "__main__":
    generator("generator_project", "same_proto", ["same_proto", "neutral_proto", "opposite_proto"],
              ["perturbed_same", "perturbed_neutral", "perturbed_opposite"])
    generator("generator_authors", "same_proto", ["combine_proto"], ["perturbed"])
    generator("generator_residual", None, ["target_proto"], ["perturbed"])
    generator("generator_residual_same", "same_proto", ["target_proto"], ["perturbed"])
    classifier("classifier", CONTRAST)
    classifier("classifier_inverted", -CONTRAST)
    classifier_nan()
    generator_nan()
    generator_beyond()
    descriptor_nan()
    descriptor("descriptor", [0, -1])
    descriptor("descriptor_single", [1, 3 * (DESCRIPTOR_SIDE // CELL) ** 2])
    descriptor_two()
