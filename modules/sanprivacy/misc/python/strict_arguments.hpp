// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_STRICT_ARGUMENTS_HPP
#define SANPRIVACY_STRICT_ARGUMENTS_HPP

// Refuses what OpenCV's conversions of arguments accept though it can only be a mistake: None where a value is needed
// (it would be 0), a text in place of a list (its letters), a text that is no UTF-8 (a crash), a number in place of an
// array, a result that must not be written to, an array in the byte order of other machines, integers that would lose
// all but their lower 32 bits. It takes the place of functions that the code of OpenCV's generator calls, and is
// included before that code. There the code of other modules may follow, too: the name of the calling function tells
// which is this module's, and the rest stays as it is.

#include <climits>
#include <cstring>
#include <string>
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
    call.names = names;
    call.required = std::strcspn(format, "|:");
    return PyArg_ParseTupleAndKeywords(arguments, keywords, format, names, pointers...);
}

//! Whether the generator made this function from this module's headers.
inline bool isOurs(const char* function)
{
    return std::strstr(function, "_sanprivacy_") != NULL;
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

inline bool refuse(const ArgInfo& info, const char* expected, const std::string& found)
{
    failmsg("Argument '%s': expected %s, found %s", info.name, expected, found.c_str());
    return false;
}

//! The name of a class.
inline std::string nameOf(PyTypeObject* type)
{
    std::string text;
    PyObject* const name = PyObject_GetAttrString(reinterpret_cast<PyObject*>(type), "__name__");
    if (!name || !getUnicodeString(name, text))
        PyErr_Clear();
    Py_XDECREF(name);
    return text;
}

//! Numbers, sizes and structures.
template <typename T>
bool accepts(PyObject* object, const T*, const ArgInfo& info)
{
    return object != Py_None || !isRequired(info) || refuse(info, "a value", nameOf(Py_TYPE(object)));
}

//! OpenCV's conversion of fewer numbers than the channels of an image leaves the others as they were.
inline bool accepts(PyObject* object, const cv::Scalar*, const ArgInfo& info)
{
    const bool whole = object && PySequence_Check(object) && PySequence_Size(object) >= 3;
    return !isField(info) || whole
           || refuse(info, "a list of three numbers or four", object ? nameOf(Py_TYPE(object)) : "none");
}

//! A text is stored as UTF-8 and ends with a zero. OpenCV's conversion crashes at a file name that is no UTF-8.
inline bool accepts(PyObject* object, const cv::String*, const ArgInfo& info)
{
    if (object == Py_None && isRequired(info))
        return refuse(info, "a text", nameOf(Py_TYPE(object)));
    if (!object || !PyUnicode_Check(object))
        return true;
    PyObject* const text = PyUnicode_AsUTF8String(object);
    const bool usable = text && std::strlen(PyBytes_AsString(text)) == size_t(PyBytes_Size(text));
    Py_XDECREF(text);
    if (usable)
        return true;
    PyErr_Clear();
    return refuse(info, "a text of UTF-8 without zeros", "another one");
}

//! What may be left out.
template <typename T>
bool accepts(PyObject*, const cv::Ptr<T>*, const ArgInfo&)
{
    return true;
}

//! Whether the largest or the smallest value of an array of integers fits into an int.
inline bool fits(PyArrayObject* array, const char* extreme)
{
    PyObject* const value = PyObject_CallMethod(reinterpret_cast<PyObject*>(array), extreme, NULL);
    PyObject* const number = value ? PyNumber_Long(value) : NULL;
    int overflow = 0;
    const long long result = number ? PyLong_AsLongLongAndOverflow(number, &overflow) : 0;
    Py_XDECREF(number);
    Py_XDECREF(value);
    PyErr_Clear();
    return overflow == 0 && result >= INT_MIN && result <= INT_MAX;
}

inline bool accepts(PyObject* object, const cv::Mat*, const ArgInfo& info)
{
    if (!object || object == Py_None)
        return true;
    if (PyTuple_Check(object) && !info.outputarg)
        return true; // of numbers
    if (!PyArray_Check(object))
        return refuse(info, "an array of NumPy", nameOf(Py_TYPE(object)));
    PyArrayObject* const array = reinterpret_cast<PyArrayObject*>(object);
    const int kind = PyArray_TYPE(array);
    if (!PyTypeNum_ISINTEGER(kind) && kind != NPY_FLOAT && kind != NPY_DOUBLE)
        return refuse(
            info, "an array of integers, float32 or float64", "one of " + nameOf(PyArray_DESCR(array)->typeobj));
    if (!PyArray_ISNOTSWAPPED(array))
        return refuse(info, "an array in this machine's byte order", "one in the other byte order");
    if (PyTypeNum_ISINTEGER(kind) && PyArray_ITEMSIZE(array) >= 4 && PyArray_SIZE(array) > 0
        && !(fits(array, "min") && fits(array, "max")))
        return refuse(info, "integers of 32 bits", "larger ones");
    return !info.outputarg || PyArray_ISWRITEABLE(array)
           || refuse(info, "an array to write the result to", "one that is read-only");
}

//! What is no UMat becomes one of its values, in a whole cv2.
inline bool accepts(PyObject* object, const cv::UMat*, const ArgInfo& info)
{
    if (!object || object == Py_None || nameOf(Py_TYPE(object)) == "UMat")
        return true;
    if (info.outputarg)
        return refuse(info, "a UMat", nameOf(Py_TYPE(object)));
    return accepts(object, static_cast<const cv::Mat*>(NULL), info);
}

template <typename T>
bool accepts(PyObject* object, const std::vector<T>*, const ArgInfo& info)
{
    if (!object || (object == Py_None && !isField(info)))
        return true;
    if (object == Py_None || PyUnicode_Check(object))
        return refuse(info, "a list", nameOf(Py_TYPE(object)));
    if (!PyList_Check(object) && !PyTuple_Check(object))
        return true;
    const bool array = std::is_same<T, cv::Mat>::value;
    for (Py_ssize_t i = 0; i < PySequence_Size(object); ++i)
    {
        const SafeSeqItem item(object, size_t(i));
        if (item.item == Py_None && !array)
            return refuse(info, "a list of values", "None in it");
        if (!accepts(item.item, static_cast<const T*>(NULL), info))
            return false;
    }
    return true;
}

//! pyopencv_to_safe(). An exception that the conversion went on after, as of a number of too many digits, is one.
template <typename T>
bool convert(const char* function, PyObject* object, T& value, const ArgInfo& info)
{
    if (!isOurs(function))
        return pyopencv_to_safe(object, value, info);
    return accepts(object, static_cast<const T*>(NULL), info) && pyopencv_to_safe(object, value, info)
           && !PyErr_Occurred();
}

//! Whether a class of this module has create().
inline bool hasCreate(const std::string& name)
{
    PyObject* const module = PyImport_AddModule("cv2.sanprivacy");
    PyObject* const class_ = module ? PyObject_GetAttrString(module, name.c_str()) : NULL;
    const bool has = class_ && PyObject_HasAttrString(class_, "create");
    PyErr_Clear();
    Py_XDECREF(class_);
    return has;
}

/** PyObject_Size(), by which the generated code of a function without arguments counts those that it received. Where
there are some, it fails without an exception, which Python reports as an error of its own: this is the exception. */
inline Py_ssize_t count(const char* function, PyObject* arguments)
{
    const Py_ssize_t number = PyObject_Size(arguments);
    if (number <= 0 || !isOurs(function))
        return number;
    const std::string path = function, name = path.substr(path.rfind('_') + 1), constructor = "_" + name + "_" + name;
    if (path.size() < constructor.size()
        || path.compare(path.size() - constructor.size(), constructor.size(), constructor) != 0)
        PyErr_Format(PyExc_TypeError, "expected no arguments; found %zd", number);
    else if (hasCreate(name))
        PyErr_Format(
            PyExc_TypeError, "%s() takes no arguments and makes an empty object; use its create()", name.c_str());
    else
        PyErr_Format(PyExc_TypeError, "%s() takes no arguments; set the fields of the object", name.c_str());
    return number;
}

} // namespace strict

#undef PyArg_ParseTupleAndKeywords // a macro in some versions of Python
#define PyArg_ParseTupleAndKeywords strict::parse
#define pyopencv_to_safe(...) strict::convert(__func__, __VA_ARGS__)
#define PyObject_Size(arguments) strict::count(__func__, arguments)

#endif // SANPRIVACY_STRICT_ARGUMENTS_HPP
