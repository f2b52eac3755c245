/** Version of nix-voyager, as records name the helper that made them. */
import { version } from "../../../package.json";

export { version };
