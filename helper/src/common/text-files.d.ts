/** Files that become part of the program as text. */
declare module "*.nix" {
  const text: string;
  export default text;
}
declare module "*.sh" {
  const text: string;
  export default text;
}
