// What is open over the screens.
import { create } from "zustand";

type Shell = {
  palette: boolean;
  help: boolean;
  navigation: boolean;
  newTask: boolean;
};

export const useShell = create<Shell>(() => ({ palette: false, help: false, navigation: false, newTask: false }));

export const open = (what: keyof Shell): void => useShell.setState({ [what]: true });
export const close = (what: keyof Shell): void => useShell.setState({ [what]: false });
