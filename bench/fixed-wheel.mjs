/** The wheel that stands for all of them. */

/** The same with pip in its environment, so that peers which need it run on the same image. */
export const wheelWithPip =
  'voyager.bcryptWheel.override (old: { systemBuildDependencies = old.systemBuildDependencies ++ [ "python3-pip" ]; })';
