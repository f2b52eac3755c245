/** Scripts become part of the program as text. */
declare module "*.sh" {
  const text: string;
  export default text;
}
