declare module "virtual:land" {
  /** Where the outline of land is, as TopoJSON with an object "land". */
  const url: string;
  export default url;
}
