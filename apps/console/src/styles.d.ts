/** The bundler takes style sheets; the compiler only has to know that they are there. */
declare module '*.css';
