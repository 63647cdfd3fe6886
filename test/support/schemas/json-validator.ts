import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';

const options = { strict: false, validateFormats: false, validateSchema: false, logger: false } as const;
const draft7 = new Ajv(options);
const draft2019 = new Ajv2019(options);
const draft2020 = new Ajv2020(options);

/** A validator by ajv, of the dialect the schema names, as lenient as a consumer's. The schema has no `$id`: one ajv serves all. */
export function jsonValidator(text: string): ValidateFunction {
  const schema = JSON.parse(text) as { $schema?: string };
  const dialect = schema.$schema ?? '';
  const ajv = dialect.includes('2020-12') ? draft2020 : dialect.includes('2019-09') ? draft2019 : draft7;
  const validator = ajv.compile(schema);
  ajv.removeSchema(schema);
  return validator;
}
