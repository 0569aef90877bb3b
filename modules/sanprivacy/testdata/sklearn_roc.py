# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

"""sklearn_roc.py FILE: the ROC curve of "score label" lines by scikit-learn.

Prints the area under the curve, then a line "fpr tpr threshold" for each point. Exit code 77 without scikit-learn.
"""
import sys

try:
    import numpy as np
    from sklearn.metrics import roc_auc_score, roc_curve
except ImportError as missing:
    print(missing)
    sys.exit(77)

scores, labels = np.loadtxt(sys.argv[1], unpack=True)
print("%.17g" % roc_auc_score(labels, scores))
for point in zip(*roc_curve(labels, scores, drop_intermediate=False)):
    print("%.17g %.17g %.17g" % point)
