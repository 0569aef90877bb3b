# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Takes from the tag file of OpenCV's reference (opencv.tag or opencv.tag.gz) the names that the module's reference
uses, so that these become links: opencv_links.py TAGFILE RESULT. The whole file would list all of OpenCV on the
module's pages, and has errors of its own."""

import gzip
import sys
import xml.etree.ElementTree as ElementTree

CLASSES = {"cv::" + name for name in (
    "CascadeClassifier", "Exception", "FaceDetectorYN", "FileStorage", "Mat", "Point_", "Ptr", "Rect_", "Scalar_",
    "Size_", "VideoCapture",
    "VideoWriter")}
MEMBERS = {
    "cv": {"InputArray", "InputArrayOfArrays", "InputOutputArray", "OutputArray", "OutputArrayOfArrays", "Point2f",
           "Rect2d", "Scalar",
           "Size", "String", "noArray", "warpAffine"},
    "cv::dnn": {"Backend", "Target"},
    "cv::Error": {"Code"},
}


def main(tag_file, result):
    with (gzip.open if tag_file.endswith(".gz") else open)(tag_file, "rb") as file:
        tags = ElementTree.parse(file).getroot()
    for compound in list(tags):
        kind, name = compound.get("kind"), compound.findtext("name")
        if kind in ("class", "struct") and name in CLASSES:
            members = set()
        elif kind == "namespace" and name in MEMBERS:
            members = MEMBERS[name]
        else:
            tags.remove(compound)
            continue
        for child in list(compound):
            if child.tag not in ("name", "filename") and not (child.tag == "member"
                                                              and child.findtext("name") in members):
                compound.remove(child)
    ElementTree.ElementTree(tags).write(result, encoding="utf-8", xml_declaration=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
