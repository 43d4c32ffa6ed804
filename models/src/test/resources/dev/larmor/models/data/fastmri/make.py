"""Makes scan-*.h5, volumes without targets as h5py writes fastMRI's test files. Run here."""
import h5py
import numpy as np

HEADER = """<?xml version="1.0" encoding="utf-8"?>
<ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <acquisitionSystemInformation>
  <systemVendor>SIEMENS</systemVendor>
  <systemModel>Größe &amp; Söhne</systemModel>
  <systemFieldStrength_T>2.893620</systemFieldStrength_T>
  <receiverChannels>2</receiverChannels>
  <coilLabel><coilNumber>1</coilNumber><coilName>Head_20:1:H13</coilName></coilLabel>
 </acquisitionSystemInformation>
 <encoding>
  <encodedSpace>
   <matrixSize><x>24</x><y>20</y><z>1</z></matrixSize>
   <fieldOfView_mm><x>440.00</x><y>220.5</y><z>7.5</z></fieldOfView_mm>
  </encodedSpace>
  <reconSpace>
   <matrixSize><x>%d</x><y>%d</y><z>1</z></matrixSize>
   <fieldOfView_mm><x>220</x><y>220</y><z>5</z></fieldOfView_mm>
  </reconSpace>
  <trajectory>cartesian</trajectory>
  <parallelImaging>
   <accelerationFactor>
    <kspace_encoding_step_1>2</kspace_encoding_step_1><kspace_encoding_step_2>1</kspace_encoding_step_2>
   </accelerationFactor>
  </parallelImaging>
 </encoding>
</ismrmrdHeader>
"""


def write(name, header, **more):
    with h5py.File(name, "w") as f:
        kspace = np.zeros((2, 2, 24, 20), np.complex64)
        kspace[:, :, 10:14, 8:12] = 1e-5 + 2e-5j
        f.create_dataset("kspace", data=kspace, chunks=(1, 2, 24, 20), compression="gzip")
        f.create_dataset("mask", data=np.ones(20, bool))
        if header is not None:
            f.create_dataset("ismrmrd_header", data=header, **more)
        f.attrs["acquisition"] = "AXT2"
        f.attrs["patient_id"] = "0beb8905d9b7fad304389b9d4263c57d5b069257ea0fdc5bf7f2675608c47406"
        f.attrs["max"] = 0.00045
        f.attrs["norm"] = np.float32(0.25)
        f.attrs["acceleration"] = 4  # not carried: larmor's own idea of it may differ


write("scan-variable.h5", (HEADER % (16, 16)).encode(), dtype=h5py.string_dtype("ascii"))
write("scan-fixed.h5", np.bytes_((HEADER % (16, 16)).encode()))
write("scan-oblong.h5", HEADER % (16, 12))
write("scan-broken.h5", HEADER.replace("</encoding>", "") % (16, 16))
write("scan-number.h5", 3)
write("scan-none.h5", None)
