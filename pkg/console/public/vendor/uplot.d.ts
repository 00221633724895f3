/** Types of the chart library under the path that the server gives it. */
export { default } from 'uplot';
