// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_STRICT_ARGUMENTS_HPP
#define SANPRIVACY_STRICT_ARGUMENTS_HPP

// Refuses what OpenCV's conversions of arguments accept though it can only be a mistake: None where a value is needed
// (it would be 0), a text in place of a list (its letters), a text that is no UTF-8 (a crash), a number in place of an
// array, a result that must not be written to, an array in the byte order of other machines. It takes the place of two
// functions that the code of OpenCV's generator calls, and is included before that code.

#include "cv2_convert.hpp"

#include <cstring>
#include <type_traits>
#include <vector>

namespace strict {

//! The function that is being called, as it was parsed; guarded by Python's lock.
struct Call
{
    char** names;
    size_t required; //!< the first ones of the names
};
static Call call = { NULL, 0 };

//! PyArg_ParseTupleAndKeywords().
template <typename... Pointers>
int parse(PyObject* arguments, PyObject* keywords, const char* format, char** names, Pointers... pointers)
{
    call = { names, std::strcspn(format, "|:") };
    return PyArg_ParseTupleAndKeywords(arguments, keywords, format, names, pointers...);
}

//! The generator's name for what is assigned to a field.
inline bool isField(const ArgInfo& info)
{
    return std::strcmp(info.name, "value") == 0;
}

inline bool isRequired(const ArgInfo& info)
{
    for (size_t i = 0; i < call.required && call.names[i]; ++i)
        if (std::strcmp(call.names[i], info.name) == 0)
            return true;
    return isField(info);
}

inline bool refuse(const ArgInfo& info, const char* expected, const char* found)
{
    failmsg("Argument '%s': expected %s, found %s", info.name, expected, found);
    return false;
}

inline const char* typeOf(PyObject* object)
{
    return Py_TYPE(object)->tp_name;
}

//! Numbers, sizes and structures.
template <typename T>
bool accepts(PyObject* object, const T&, const ArgInfo& info)
{
    return object != Py_None || !isRequired(info) || refuse(info, "a value", typeOf(object));
}

//! A text is stored as UTF-8 and ends with a zero. OpenCV's conversion crashes at a file name that is no UTF-8.
inline bool accepts(PyObject* object, const cv::String&, const ArgInfo& info)
{
    if (object == Py_None && isRequired(info))
        return refuse(info, "a text", typeOf(object));
    if (!object || !PyUnicode_Check(object))
        return true;
    Py_ssize_t length = 0;
    const char* const text = PyUnicode_AsUTF8AndSize(object, &length);
    if (text && std::strlen(text) == size_t(length))
        return true;
    PyErr_Clear();
    return refuse(info, "a text of UTF-8 without zeros", "another one");
}

//! What may be left out.
template <typename T>
bool accepts(PyObject*, const cv::Ptr<T>&, const ArgInfo&)
{
    return true;
}

inline bool accepts(PyObject*, const cv::UMat&, const ArgInfo&)
{
    return true;
}

inline bool accepts(PyObject* object, const cv::Mat&, const ArgInfo& info)
{
    if (!object || object == Py_None)
        return true;
    if (PyTuple_Check(object) && !info.outputarg)
        return true; // of numbers
    if (!PyArray_Check(object))
        return refuse(info, "an array of NumPy", typeOf(object));
    PyArrayObject* const array = reinterpret_cast<PyArrayObject*>(object);
    const int kind = PyArray_TYPE(array);
    if (!PyTypeNum_ISINTEGER(kind) && kind != NPY_FLOAT && kind != NPY_DOUBLE)
        return refuse(info, "an array of integers, float32 or float64", PyArray_DESCR(array)->typeobj->tp_name);
    if (!PyArray_ISNOTSWAPPED(array))
        return refuse(info, "an array in this machine's byte order", "one in the other byte order");
    return !info.outputarg || PyArray_ISWRITEABLE(array)
           || refuse(info, "an array to write the result to", "one that is read-only");
}

template <typename T>
bool accepts(PyObject* object, const std::vector<T>&, const ArgInfo& info)
{
    if (!object || (object == Py_None && !isField(info)))
        return true;
    if (object == Py_None || PyUnicode_Check(object))
        return refuse(info, "a list", typeOf(object));
    if (!PyList_Check(object) && !PyTuple_Check(object))
        return true;
    const bool array = std::is_same<T, cv::Mat>::value;
    for (Py_ssize_t i = 0; i < PySequence_Size(object); ++i)
    {
        const SafeSeqItem item(object, size_t(i));
        if (item.item == Py_None && !array)
            return refuse(info, "a list of values", "None in it");
        if (!accepts(item.item, T(), info))
            return false;
    }
    return true;
}

//! pyopencv_to_safe(). An exception that the conversion went on after, as of a number of too many digits, is one.
template <typename T>
bool convert(PyObject* object, T& value, const ArgInfo& info)
{
    return accepts(object, value, info) && pyopencv_to_safe(object, value, info) && !PyErr_Occurred();
}

} // namespace strict

#undef PyArg_ParseTupleAndKeywords // a macro in some versions of Python
#define PyArg_ParseTupleAndKeywords strict::parse
#define pyopencv_to_safe strict::convert

#endif // SANPRIVACY_STRICT_ARGUMENTS_HPP
