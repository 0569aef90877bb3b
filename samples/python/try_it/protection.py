# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""Photos in, protected photos and the answers of the networks out."""

import base64
import dataclasses
import io
import threading

import cv2
import numpy as np
from PIL import Image, ImageOps

sp = cv2.sanprivacy
PROTOTYPES = {"same": sp.PROTOTYPE_SAME, "neutral": sp.PROTOTYPE_NEUTRAL, "opposite": sp.PROTOTYPE_OPPOSITE,
              "random": sp.PROTOTYPE_RANDOM}
LABELS = {"female": 0, "male": 1}
FORMATS = {"JPEG": {"quality": 95, "subsampling": 0}, "PNG": {"compress_level": 3}, "WEBP": {"quality": 95}}
READABLE = (*FORMATS, "BMP", "TIFF")
Image.MAX_IMAGE_PIXELS = None  # read_photo() has a limit of its own
SHIPPED_CLASSIFIER = "shipped classifier"


class Refused(Exception):
    """What is wrong with a photo, and the status of HTTP that says so."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


@dataclasses.dataclass
class Photo:
    pixels: np.ndarray  # height x width x 3, blue, green, red
    format: str  # one of FORMATS
    profile: bytes = None  # ICC color profile
    browsers_show_it: bool = True  # whether browsers can show the file itself

    def encode(self, pixels):
        """The pixels as a file of the photo's format and color profile. Nothing else of the original file is in it."""
        content = io.BytesIO()
        Image.fromarray(pixels[:, :, ::-1]).save(content, self.format, icc_profile=self.profile, **FORMATS[self.format])
        return content.getvalue()

    def data_url(self, pixels):
        return f"data:image/{self.format.lower()};base64,{base64.b64encode(self.encode(pixels)).decode()}"


def read_photo(content, max_pixels, output_format=None):
    """The first image of a file, upright. The size is checked before anything is decoded."""
    try:
        image = Image.open(io.BytesIO(content), formats=READABLE)
        if image.width * image.height > max_pixels:
            raise Refused(413, f"The image has {image.width} x {image.height} pixels; at most {max_pixels / 1e6:g} "
                               "million are taken.")
        if image.mode.startswith(("I", "F")):
            raise Refused(400, "The image has more than 8 bits per pixel and color; the command line takes such "
                               "images.")
        image_format = {"MPO": "JPEG"}.get(image.format, image.format)  # a JPEG with more images behind the first
        is_rgb = image.mode in ("RGB", "RGBA", "P")  # otherwise the profile is of gray or inks
        profile = image.info.get("icc_profile") if is_rgb else None
        image = ImageOps.exif_transpose(image)
        if "A" in image.getbands() or "transparency" in image.info:
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
        pixels = np.asarray(image.convert("RGB"))[:, :, ::-1]
    except Refused:
        raise
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise Refused(400, "This is not an image that can be read: a complete JPEG, PNG, WebP, BMP or TIFF file is "
                           "expected.") from error
    return Photo(np.ascontiguousarray(pixels), output_format or (image_format if image_format in FORMATS else "PNG"),
                 profile, image_format != "TIFF")


class Networks:
    """The networks of one thread."""

    def __init__(self, models=None, same_person=None):
        self.detector, self.perturber = sp.FaceDetector.create(), sp.Perturber.create()
        described = sp.readModelDescriptions(models) if models else []
        self.classifiers = {d.name: sp.FaceNetwork.create(d) for d in described if d.task == sp.NETWORK_CLASSIFIER}
        self.matchers = {d.name: sp.FaceNetwork.create(d) for d in described if d.task == sp.NETWORK_MATCHER}
        self.same_person = same_person or {}
        unknown = sorted(set(self.same_person) - set(self.matchers))
        if unknown:
            raise ValueError(f"--same-person: no matcher {unknown[0]!r} in "
                             f"{models or 'a model description file (--models)'}")

    def read(self, image, face, descriptors=None):
        """Probability of `male` by each classifier and, given the descriptors of the original, the score of each
        matcher"""
        answers = {"male": {SHIPPED_CLASSIFIER: self.perturber.predictFace(image, face)}}
        for name, network in self.classifiers.items():
            answers["male"][name] = float(network.forward([network.crop(image, face)])[0, 0])
        if descriptors:
            answers["match"] = {name: self.match(name, image, face, descriptors[name]) for name in self.matchers}
        return answers

    def match(self, name, image, face, descriptor):
        score = self.matchers[name].match(descriptor, self.descriptor(name, image, face))
        least = self.same_person.get(name)
        return {"score": score, "same_person": None if least is None else score >= least}

    def descriptor(self, name, image, face):
        network = self.matchers[name]
        return network.forward([network.crop(image, face)])

    def find(self, image):
        faces = self.detector.detect(image)
        if faces is None or len(faces) == 0:
            raise Refused(422, "No face was found in this photo, so nothing of it would be protected.")
        return faces

    def perturb(self, image, faces, prototype, strength, label):
        """The image with every face perturbed. A face that cannot be is an error: no photo leaves half protected."""
        self.perturber.setStrength(strength)
        params = sp.PerturbParams(PROTOTYPES[prototype], LABELS.get(label, sp.LABEL_PREDICT))
        complete, perturbed, results = self.perturber.tryPerturbFaces(image, faces, params=params)
        if not complete:
            reason = next(result.reason for result in results if result.status != sp.FACE_PERTURBED)
            raise Refused(422, f"A face of this photo cannot be protected: {reason}")
        return perturbed


class Protection:
    """Protects photos. Any number of threads may call it: each has networks of its own, which load when it first needs
    them."""

    def __init__(self, max_pixels, models=None, same_person=None):
        self.max_pixels = max_pixels
        self._make_networks = lambda: Networks(models, same_person)
        self._thread = threading.local()

    @property
    def networks(self):
        if not hasattr(self._thread, "networks"):
            self._thread.networks = self._make_networks()
        return self._thread.networks

    def image(self, content, prototype, strength, label=None, output_format=None):
        """-> (file, its format, number of faces)"""
        photo = read_photo(content, self.max_pixels, output_format)
        faces = self.networks.find(photo.pixels)
        return photo.encode(self.networks.perturb(photo.pixels, faces, prototype, strength,
                                                  label)), photo.format, len(faces)

    def report(self, content, prototypes, strength, label=None, output_format=None):
        """What the page shows: faces, outputs, and how each network reads each face of the original and of the
        outputs"""
        photo = read_photo(content, self.max_pixels, output_format)
        networks = self.networks
        found = networks.find(photo.pixels)
        outputs = {prototype: networks.perturb(photo.pixels, found, prototype, strength, label)
                   for prototype in prototypes}
        faces = [found[i:i + 1] for i in range(len(found))]
        descriptors = [{name: networks.descriptor(name, photo.pixels, face) for name in networks.matchers}
                       for face in faces]
        original = {} if photo.browsers_show_it else {"image": photo.data_url(photo.pixels)}
        return {"width": photo.pixels.shape[1], "height": photo.pixels.shape[0],
                "faces": [describe(face[0]) for face in faces],
                "original": {**original, "readings": [networks.read(photo.pixels, face) for face in faces]},
                "outputs": {prototype: {"image": photo.data_url(output),
                                        "readings": [networks.read(output, face, own)
                                                     for face, own in zip(faces, descriptors)]}
                            for prototype, output in outputs.items()}}


def describe(face):
    values = [float(value) for value in face]
    return {"x": values[0], "y": values[1], "width": values[2], "height": values[3],
            "landmarks": [values[i:i + 2] for i in range(4, 14, 2)],
            "score": values[14]}
