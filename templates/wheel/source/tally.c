/* A Python module with one function, which zlib computes. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <zlib.h>

static PyObject *tally_crc32(PyObject *self, PyObject *arguments) {
  const char *bytes;
  Py_ssize_t length;
  (void)self;
  if (!PyArg_ParseTuple(arguments, "y#", &bytes, &length)) return NULL;
  return PyLong_FromUnsignedLong(crc32(0, (const Bytef *)bytes, (uInt)length));
}

static PyMethodDef methods[] = {
    {"crc32", tally_crc32, METH_VARARGS, "The CRC-32 of bytes."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "tally", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_tally(void) { return PyModule_Create(&module); }
