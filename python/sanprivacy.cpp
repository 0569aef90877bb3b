// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// The extension module cv2.sanprivacy beside an installed cv2: code that OpenCV's generator makes from our headers,
// OpenCV's own conversions, and here what cv2.cpp does for a whole cv2.

#define PY_ARRAY_UNIQUE_SYMBOL opencv_ARRAY_API

#include "cv2.hpp"

#include <opencv2/core.hpp>
#include <opencv2/sanprivacy.hpp>

#include "cv2_convert.hpp"
#include "cv2_numpy.hpp"
#include "cv2_util.hpp"

using namespace cv;

typedef std::vector<int> vector_int;
typedef std::vector<Mat> vector_Mat;
typedef std::vector<UMat> vector_UMat;
typedef std::vector<Point2f> vector_Point2f;
typedef std::vector<String> vector_String;

//! cv2.UMat, whose class belongs to the installed cv2: a Ptr, as all its classes.
struct PyUMat
{
    PyObject_HEAD Ptr<UMat> value;
};
static PyTypeObject* umatType = NULL;

template <>
struct PyOpenCV_Converter<UMat>
{
    static bool to(PyObject* object, UMat& umat, const ArgInfo& info)
    {
        if (!object || object == Py_None)
            return true;
        if (!PyObject_TypeCheck(object, umatType))
            return failmsg("Expected cv::UMat for argument '%s'", info.name);
        umat = *reinterpret_cast<PyUMat*>(object)->value;
        return true;
    }

    static PyObject* from(const UMat& umat)
    {
        PyObject* const object = PyObject_CallObject(reinterpret_cast<PyObject*>(umatType), NULL);
        if (object)
            *reinterpret_cast<PyUMat*>(object)->value = umat;
        return object;
    }
};

#define HAVE_OPENCV_SANPRIVACY
#include "pyopencv_sanprivacy.hpp"

#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wmissing-declarations"
#pragma GCC diagnostic ignored "-Wshadow"

#include "pyopencv_generated_enums.h"
#define CVPY_TYPE(EXPORT_NAME, CLASS_ID, STORAGE, SNAME, _1, _2, SCOPE)                                                \
    CVPY_TYPE_DECLARE(EXPORT_NAME, CLASS_ID, STORAGE, SNAME, SCOPE)
#include "pyopencv_generated_types.h"
#undef CVPY_TYPE
#include "pyopencv_generated_types_content.h"
#include "pyopencv_generated_funcs.h"

namespace {

struct ConstDef
{
    const char* name;
    long long val;
};

PyObject* refuseNew(PyObject* type, PyObject*, PyObject*)
{
    const char* const name = reinterpret_cast<PyTypeObject*>(type)->tp_name;
    PyErr_Format(PyExc_TypeError, "expected a call of %s; found one of its __new__()", name);
    return NULL;
}

/** Refuses what OpenCV's glue lets pass and Python then crashes at: derived classes, whose objects it frees wrongly,
and __new__(), which makes an object without its contents. A call of the class does not use that attribute. */
bool refuseUnsafe(PyTypeObject* type)
{
    static PyMethodDef refusal = { "__new__", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(refuseNew)),
        METH_VARARGS | METH_KEYWORDS, "Refuses." };
    type->tp_flags &= ~Py_TPFLAGS_BASETYPE;
    PyObject* const function = PyCFunction_New(&refusal, reinterpret_cast<PyObject*>(type));
    const bool done = function && PyDict_SetItemString(type->tp_dict, "__new__", function) == 0;
    Py_XDECREF(function);
    PyType_Modified(type);
    return done;
}

//! A class belongs to cv2.sanprivacy; cv2 has it too, under the name that a cv2 with all modules gives it.
bool registerNewType(PyObject* module, const char* name, PyObject* type, const std::string&)
{
    PyTypeObject* const class_ = reinterpret_cast<PyTypeObject*>(type);
    if (!refuseUnsafe(class_))
        return false;
    PyObject* const cv2 = PyImport_AddModule("cv2");
    if (!cv2 || PyObject_SetAttrString(module, name, type) < 0)
        return false;
    return PyObject_SetAttrString(cv2, (std::string("sanprivacy_") + name).c_str(), type) >= 0;
}

#include "pyopencv_generated_modules_content.h"

bool addContent(PyObject* m)
{
    PyTypeObject* const pyopencv_NoBase_TypePtr = NULL;
#define CVPY_TYPE(EXPORT_NAME, CLASS_ID, _1, _2, BASE, CONSTRUCTOR, SCOPE)                                             \
    CVPY_TYPE_INIT_STATIC(EXPORT_NAME, CLASS_ID, return false, BASE, CONSTRUCTOR, SCOPE)
#include "pyopencv_generated_types.h"
#undef CVPY_TYPE
    if (PyModule_AddFunctions(m, methods_sanprivacy) < 0)
        return false;
    for (const ConstDef* constant = consts_sanprivacy; constant->name; ++constant)
        if (PyModule_AddIntConstant(m, constant->name, long(constant->val)) < 0)
            return false;
    return true;
}

//! The conversions use cv2's own exception and the layouts of its version.
bool joinInstalled()
{
    PyObject* const cv2 = PyImport_ImportModule("cv2");
    PyObject* const version = cv2 ? PyObject_GetAttrString(cv2, "__version__") : NULL;
    const char* const found = version ? PyUnicode_AsUTF8(version) : NULL;
    if (!found)
        return false;
    if (std::string(found) != CV_VERSION)
    {
        PyErr_Format(PyExc_ImportError, "cv2.sanprivacy: expected the cv2 of OpenCV %s, found %s", CV_VERSION, found);
        return false;
    }
    opencv_error = PyObject_GetAttrString(cv2, "error");
    umatType = reinterpret_cast<PyTypeObject*>(PyObject_GetAttrString(cv2, "UMat"));
    return opencv_error && umatType;
}

} // namespace

PyMODINIT_FUNC PyInit_sanprivacy()
{
    static PyModuleDef definition = { PyModuleDef_HEAD_INIT, "cv2.sanprivacy", "Soft-biometric privacy for face images",
        -1, NULL, NULL, NULL, NULL, NULL };
    import_array();
    if (!joinInstalled())
        return NULL;
    PyObject* const module = PyModule_Create(&definition);
    if (module && !addContent(module))
    {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
