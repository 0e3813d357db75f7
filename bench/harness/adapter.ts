/** The name of a device's adapter, as `Gpu` calls ours. */
export const adapterOf = ({ adapterInfo }: GPUDevice): string =>
  [adapterInfo.vendor, adapterInfo.architecture, adapterInfo.device, adapterInfo.description]
    .filter(Boolean)
    .join(' ')
